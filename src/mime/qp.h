/* qp.h: quoted-printable (RFC 2045, section 6.7), piece by piece. (P) */
#ifndef SLUICE_SRC_MIME_QP_H
#define SLUICE_SRC_MIME_QP_H

#include <stdbool.h>
#include <stddef.h>

#define BODY_LINE 76 /* RFC 2045, sections 6.7 (5) and 6.8 */

/* Escapes text without line ends; `to` has room for 3 * n. A blank before a line end would be lost
 * on the way, so it is escaped too. Returns how many bytes it made. */
size_t qp_escape(char *to, const char *p, size_t n, bool is_line_end);
/* Copies escaped text without line ends, with soft line breaks where the line gets too long, from
 * *column on. `to` has room for it (qp_room). Returns the end. */
char *qp_copy(char *to, const char *p, size_t n, unsigned *column);
size_t qp_room(size_t n);

#endif
