/* message.h: what messages are made with, as it is written: in the configuration, in a job file, in a
 * template's manifest. (P)
 *
 * Each of them goes over what stood there before, so the least important is read first:
 *
 *     message_spec_copy(&m, &settings_message(s, client)->message);
 *     message_read(manifest, "", MESSAGE_IN_MANIFEST, &m, p);
 *     message_read(job, "", MESSAGE_IN_JOB, &m, p);
 */
#ifndef SLUICE_CONF_MESSAGE_H
#define SLUICE_CONF_MESSAGE_H

#include <sluice/conf/tree.h>
#include <sluice/model/job.h>

enum message_place {
    MESSAGE_IN_ROOT,   /* the top level of the configuration */
    MESSAGE_IN_CLIENT, /* one of its `clients` */
    MESSAGE_IN_JOB,
    MESSAGE_IN_MANIFEST /* which holds nothing else: what it does not know is a problem */
};
/* The names that message_read() takes, for the table of the rest of that place. */
#define MESSAGE_NAMES_OF_ROOT                                                                      \
    CONF_ELSEWHERE("sender"), CONF_ELSEWHERE("advertising"), CONF_ELSEWHERE("list_id"),            \
        CONF_ELSEWHERE("unsubscribe_url"), CONF_ELSEWHERE("unsubscribe_mailto"),                   \
        CONF_ELSEWHERE("feedback_id"), CONF_ELSEWHERE("cfbl_address"), CONF_ELSEWHERE("tracking")
#define MESSAGE_NAMES_OF_CLIENT MESSAGE_NAMES_OF_ROOT, CONF_ELSEWHERE("tracking_url")
#define MESSAGE_NAMES_OF_JOB                                                                       \
    CONF_ELSEWHERE("missing"), CONF_ELSEWHERE("mail_charset"), CONF_ELSEWHERE("charset_fallback"), \
        CONF_ELSEWHERE("text_from_html"), CONF_ELSEWHERE("untracked"), CONF_ELSEWHERE("list_id"),  \
        CONF_ELSEWHERE("unsubscribe_url"), CONF_ELSEWHERE("unsubscribe_mailto"),                   \
        CONF_ELSEWHERE("feedback_id"), CONF_ELSEWHERE("cfbl_address"),                             \
        CONF_ELSEWHERE("auto_submitted"), CONF_ELSEWHERE("tracking"), CONF_ELSEWHERE("sender")

/* Fills what `group`, which stands at `path`, says; leaves the rest of *m as it is. */
void message_read(const struct conf_node *group, const char *path, enum message_place place,
                  struct message_spec *m, struct problems *p);

#endif
