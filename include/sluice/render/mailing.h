/* mailing.h: a job's message, compiled once, rendered for each recipient at the moment of delivery.
 * (P)
 *
 * Immutable after mailing_new and shared by all threads; counted references. Rendering appends into
 * one buffer, in CRLF form, ready for SMTP before dot-stuffing (RFC 5322, 2045-2047, 2231, 2369,
 * 2387, 2919, 6376, 8058, 9477).
 *
 * Part files beside those of job.h: "to.txt", a template of the name in To. Variables that are
 * always there: `email`; `unsubscribe_url`, where the job has or makes one; `sender.name` and so
 * on, where the job gives sender data and no variable `sender`.
 *
 *     struct mailing *m = mailing_new(spec, &parts, "[\"name\"]", &problems);
 *     mailing_render(m, &recipient, &buf, &e);
 *     mailing_release(m);
 */
#ifndef SLUICE_RENDER_MAILING_H
#define SLUICE_RENDER_MAILING_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/model/job.h>
#include <sluice/render/keys.h>

#define MAILING_MAX_BYTES (10u * 1024 * 1024) /* of one rendered message */

struct mailing;
/* `columns`: JSON array of the CSV's column names ("[]": recipients are objects). Problems name the
 * template's files and lines. NULL when there are errors. A job without a token is not taken in
 * yet: only then is judged what may be refused at submission (advertisements above all), so that a
 * job once taken in can always be made again. */
struct mailing *mailing_new(const struct job_spec *spec, const struct part_files *parts,
                            const char *columns, struct problems *p);
struct mailing *mailing_ref(struct mailing *m);
void mailing_release(struct mailing *m); /* NULL is fine */
const struct job_spec *mailing_spec(const struct mailing *m);

struct render_input {
    const char *email; /* the recipient; its domain may be a U-label (the header then shows the
                          A-label form) */
    const char *vars;  /* JSON as in spool */
    size_t vars_len;
    uint64_t rid;
    struct wall now;         /* Date: header */
    int utc_offset_min;      /* of the Date: header */
    const char *message_id;  /* without angle brackets */
    bool keeps_links;        /* no tracking: for who judges where the links lead */
    const struct keys *keys; /* signs and makes tokens; NULL: neither signatures nor tracking */
};
/* False when the message cannot be made for this recipient: *e says why (the variable's name). A
 * CR, LF or NUL in a variable never makes a header. Signed last: the bytes are what is sent. */
bool mailing_render(const struct mailing *m, const struct render_input *in, struct buf *out,
                    struct err *e);
/* Tells of every variable that stays empty for this recipient, at each place where it is written:
 * it is absent, null, or an empty text (a CSV cell has no other way to be absent). Only email and
 * vars of the input count. Renders nothing: fast enough for every row of a list. */
void mailing_each_empty(const struct mailing *m, const struct render_input *in,
                        void (*each)(void *arg, const char *name), void *arg);
/* Where a click goes: the link of the token (link, turn), as it stands in this recipient's message
 * without tracking: an http or https URL. False: the message has no such link. Unchanged for ever:
 * links are counted in the order in which they stand, the HTML part first. */
bool mailing_destination(const struct mailing *m, const struct render_input *in, uint32_t link,
                         uint32_t turn, struct buf *out, struct err *e);
/* MAIL FROM of this mailing, without angle brackets. */
const char *mailing_envelope_sender(const struct mailing *m);
/* message-id for a recipient: <rid>.<job id>.<token>@<envelope domain>, the same for every attempt,
 * so that a receiver can recognise a repeat. Long domains cost the job id. At most 127 bytes, cut
 * to size - 1. */
void mailing_message_id(const struct mailing *m, uint64_t rid, char *out, size_t size);

#endif
