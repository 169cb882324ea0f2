/* message_texts.h: the texts of a message_spec, one after the other: whoever frees, copies or writes them
 * cannot forget one. (P)
 *
 *     for (size_t i = 0; i < MESSAGE_TEXTS; i++)
 *         free(*message_text_at(m, i));
 */
#ifndef SLUICE_MODEL_MESSAGE_TEXTS_H
#define SLUICE_MODEL_MESSAGE_TEXTS_H

#include <sluice/model/job.h>

#define MESSAGE_TEXTS 10

struct message_text {
    const char *name; /* in the snapshot */
    size_t at;
};
extern const struct message_text message_texts[MESSAGE_TEXTS];
char **message_text_at(const struct message_spec *m, size_t i);

#endif
