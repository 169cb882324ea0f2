/* eml.h: a raw message as a template: what a mail program saved, taken apart into the files that a
 * template folder has (RFC 5322, 2045-2047, 2231, 3676). (P; the only user of GMime)
 *
 *     if (eml_read(bytes, "spring/message.eml", &parts, &problems)) ...
 */
#ifndef SLUICE_EML_EML_H
#define SLUICE_EML_EML_H

#include <sluice/base/err.h>
#include <sluice/base/str.h>
#include <sluice/model/job.h>

#define EML_MAX_BYTES (32u * 1024 * 1024)
#define EML_PARTS_MAX 100
/* Appends subject.txt, text.txt, html.html (UTF-8 with LF line ends, whatever they were in),
 * images/NAME (parts with a Content-ID that the HTML shows; its cid: becomes images/NAME) and
 * attachments/NAME to *out. NAME is safe and has no like: letters, digits, `._-` for images. A part
 * without a charset is UTF-8, else CP949; EUC-KR and ks_c_5601-1987 are read as CP949.
 *
 * Tags of Mustache work: what an editor made of them in HTML is undone (`{{#a &gt;= 1}}`, a line end
 * within, `%7B%7Ba%7D%7D` in a link), flowed text is one line again.
 *
 * Header fields but the subject are not used: a warning names those that a sender may miss (Reply-To,
 * List-*, X-*); others name the parts that are left out: invitations, signatures, a second text.
 * What is made to cost time is refused: header fields above 64 KB, or 256 KB of those of all parts.
 * False: problems were added, and nothing to *out. Safe to call from several threads. */
bool eml_read(struct str bytes, const char *file, struct part_files *out, struct problems *p);

#endif
