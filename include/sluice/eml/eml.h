/* eml.h: a raw message as a template: what a mail program saved, taken apart into the files that a template
 * folder has. (P; the only user of GMime)
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
/* Appends subject.txt, text.txt, html.html (as UTF-8, whatever they were in), images/NAME (parts with a
 * Content-ID that the HTML names; its cid: becomes images/NAME) and attachments/NAME to *out. Tags of
 * Mustache in it work. Header fields but the subject are not used: a warning names those that a sender may
 * miss (Reply-To, List-*, X-*). False: problems were added. */
bool eml_read(struct str bytes, const char *file, struct part_files *out, struct problems *p);

#endif
