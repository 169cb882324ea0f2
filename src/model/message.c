/* message.c: what a message is made with, as a value. (P) */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/model/job.h>

#include "message_texts.h"

const struct message_text message_texts[MESSAGE_TEXTS] = {
    {"sender_name", offsetof(struct message_spec, sender.name)},
    {"sender_email", offsetof(struct message_spec, sender.email)},
    {"sender_telephone", offsetof(struct message_spec, sender.telephone)},
    {"sender_address", offsetof(struct message_spec, sender.address)},
    {"list_id", offsetof(struct message_spec, list_id)},
    {"unsubscribe_url", offsetof(struct message_spec, unsubscribe_url)},
    {"unsubscribe_mailto", offsetof(struct message_spec, unsubscribe_mailto)},
    {"feedback_id", offsetof(struct message_spec, feedback_id)},
    {"cfbl_address", offsetof(struct message_spec, cfbl_address)},
    {"tracking_url", offsetof(struct message_spec, tracking_url)},
};

char **message_text_at(const struct message_spec *m, size_t i)
{
    return (char **)((char *)(uintptr_t)m + message_texts[i].at);
}

void message_spec_done(struct message_spec *m)
{
    for (size_t i = 0; i < MESSAGE_TEXTS; i++)
        free(*message_text_at(m, i));
    for (size_t i = 0; i < m->untrackeds; i++)
        free(m->untracked[i]);
    free(m->untracked);
    *m = (struct message_spec){0};
}

void message_spec_copy(struct message_spec *to, const struct message_spec *from)
{
    *to = *from;
    for (size_t i = 0; i < MESSAGE_TEXTS; i++)
        *message_text_at(to, i) = mem_str(*message_text_at(from, i));
    to->untracked = mem_array(from->untrackeds, sizeof *to->untracked);
    for (size_t i = 0; i < from->untrackeds; i++)
        to->untracked[i] = mem_str(from->untracked[i]);
}
