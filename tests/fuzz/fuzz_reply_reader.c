/* Lines as a hostile server sends them: whatever comes, the reply is printable UTF-8 within its
 * bounds. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/reply/reply.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size), line;
    struct reply_reader r;

    reply_reader_init(&r);
    while (str_cut(&rest, '\n', &line)) {
        bool is_done = reply_reader_line(&r, line.p, line.n);
        size_t n = strlen(r.reply.text);

        MUST(!is_done || (!r.is_open && r.reply.code >= 200 && r.reply.code <= 599));
        MUST(n < REPLY_TEXT_MAX && utf8_bad_at(r.reply.text, n) == n);
        MUST(strlen(r.reply.enhanced) < sizeof r.reply.enhanced);
        for (size_t i = 0; i < n; i++)
            MUST((unsigned char)r.reply.text[i] >= ' ' && r.reply.text[i] != 0x7f);
    }
    return 0;
}
