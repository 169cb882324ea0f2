/* message_text.h: what the texts among the settings of messages may be. (P)
 *
 *     const char *allowed = message_text_list_id(str_of(text));
 *     if (allowed) conf_say(..., "not a list id (got ..., allowed: %s)", allowed);
 *
 * Each returns NULL when the text is right, else what would be. */
#ifndef SLUICE_CONF_MESSAGE_TEXT_H
#define SLUICE_CONF_MESSAGE_TEXT_H

#include <sluice/base/str.h>

const char *message_text_list_id(struct str s);     /* RFC 2919 */
const char *message_text_unsubscribe(struct str s); /* a URL, a template: RFC 8058 */
const char *message_text_mailto(struct str s);      /* a template, too */
const char *message_text_feedback_id(struct str s); /* likewise */
const char *message_text_address(struct str s);
const char *message_text_plain(struct str s); /* anything but a template */
const char *message_text_telephone(struct str s);
const char *message_text_server(struct str s); /* of tracking */
const char *message_text_web(struct str s);    /* the beginning of a URL */

#endif
