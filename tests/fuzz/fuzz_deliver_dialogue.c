/* What a hostile server sends into a dialogue, in pieces of every size, after some commands: each event consumes something, replies are
 * bounded and printable, and hiding EHLO keywords in the same bytes touches nothing outside them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include "dialogue.h"
#include "hide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct dialogue *d, enum dialogue_event event)
{
    size_t n = strlen(d->reader.reply.text), g = strlen(d->garbage_text);

    MUST(d->line_len <= DIALOGUE_LINE_MAX && d->count <= DIALOGUE_WAITING_MAX);
    MUST(n < REPLY_TEXT_MAX && utf8_bad_at(d->reader.reply.text, n) == n);
    MUST(event != DIALOGUE_GARBAGE || g < sizeof d->garbage_text);
    MUST(event != DIALOGUE_REPLY || d->command < COMMANDS);
}

static void feed(struct dialogue *d, const char *bytes, size_t n)
{
    for (;;) {
        size_t left = n;
        enum dialogue_event event = dialogue_read(d, &bytes, &n);
        check(d, event);
        if (event == DIALOGUE_MORE)
            break;
        MUST(n < left || event == DIALOGUE_TOO_LONG);
    }
    MUST(n == 0);
}

static void hide_all(const uint8_t *data, size_t size)
{
    struct hide h;
    char *copy = mem_new(size + 1);

    memcpy(copy, data, size);
    hide_begin(&h);
    hide_in(&h, copy, size);
    for (size_t i = 0; i < size; i++)
        MUST(copy[i] == (char)data[i] || copy[i] == 'Z' || copy[i] == '?');
    free(copy);
}

/* The first byte says how many commands wait, the second in which pieces the rest arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dialogue d;

    if (size < 2)
        return 0;
    dialogue_init(&d);
    for (unsigned i = 0; i < data[0] % DIALOGUE_WAITING_MAX; i++)
        dialogue_sent(&d, (enum command)((data[0] + i) % COMMANDS));
    size_t piece = data[1] % 64 + 1;
    for (size_t at = 2; at < size; at += piece)
        feed(&d, (const char *)data + at, size - at < piece ? size - at : piece);
    check(&d, dialogue_end(&d));
    hide_all(data, size);
    return 0;
}
