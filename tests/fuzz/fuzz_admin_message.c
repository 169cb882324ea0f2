/* A message taken apart: whatever the bytes are, texts are UTF-8 without NUL, and the page holds no tag of
 * theirs. */
#include <string.h>
#include <sluice/admin/message.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

static void check_text(const char *s)
{
    if (s)
        MUST(utf8_bad_at(s, strlen(s)) == strlen(s));
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message m;
    struct buf page;
    struct err e;
    if (!message_parse(str_n((const char *)data, size), &m, &e)) {
        MUST(e.text[0]);
        return 0;
    }
    check_text(m.from);
    check_text(m.to);
    check_text(m.subject);
    check_text(m.preheader);
    check_text(m.html);
    check_text(m.text);
    MUST(!strpbrk(m.subject, "\r\n") && m.parts <= MESSAGE_PARTS_MAX);
    buf_init(&page, MESSAGE_PAGE_MAX);
    message_page(&m, &page);
    MUST(count(page.data, "<script") == 0 && count(page.data, "<iframe") == (m.html != NULL));
    buf_done(&page);
    message_done(&m);
    return 0;
}
