#include <sluice/base/must.h>
#include <sluice/dkim/dkim.h>

#include <stdint.h>
#include <string.h>

/* Any bytes as a TXT record: a verdict, and a reason that can be shown. A good record stays good
 * with blanks around. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                              "-----END PRIVATE KEY-----\n";
    static struct dkim_key *key;
    enum dkim_record_verdict verdict;
    struct buf b;
    struct err e;
    char why[160];

    if (!key)
        MUST(dkim_key_parse(str_of(pem), "a.example", "s", &key, &e));
    memset(why, 'x', sizeof why);
    verdict = dkim_record_check(key, str_n((const char *)data, size), why);
    MUST(memchr(why, '\0', sizeof why) && (verdict == DKIM_RECORD_GOOD) == (*why == '\0'));
    for (const char *c = why; *c; c++)
        MUST(*c >= ' ' && *c <= '~');
    if (verdict == DKIM_RECORD_BROKEN)
        return 0;
    buf_init(&b, 10000);
    buf_puts(&b, " \t");
    buf_put(&b, data, size);
    buf_puts(&b, "\r\n ");
    MUST(size > 8000 || dkim_record_check(key, str_n(b.data, b.len), why) == verdict);
    buf_done(&b);
    return 0;
}
