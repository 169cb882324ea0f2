/* Any bytes as an address: what is taken has the form it promises, and is taken again unchanged. */
#include <stdint.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/job/address.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address a, again;
    char why[160] = "";
    size_t n;

    if (!address_check(str_n((const char *)data, size), &a, why, sizeof why)) {
        MUST(*why);
        return 0;
    }
    n = strlen(a.text);
    MUST(a.at >= 1 && a.at <= 64 && a.text[a.at] == '@' && n > a.at + 3 && n <= 320);
    MUST(utf8_bad_at(a.text, n) == n);
    for (size_t i = 0; i < n; i++)
        MUST((unsigned char)a.text[i] >= ' ' && a.text[i] != 0x7f);
    if (!address_check(str_of(a.text), &again, why, sizeof why))
        must_fail(a.text, 0, why);
    MUST(strcmp(a.text, again.text) == 0 && a.at == again.at);
    return 0;
}
