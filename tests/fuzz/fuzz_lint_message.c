/* Any message and any records: findings are bounded in number and length, and each has its words.
 * The input, cut at its NUL bytes, is the message, its HTML, its text, and TXT records. */
#include <sluice/base/must.h>
#include <sluice/lint/lint.h>

#include <stdint.h>
#include <stdlib.h>

#define RECORDS 4

static void check(const struct lint *l)
{
    MUST(l->count < 100);
    for (size_t i = 0; i < l->count; i++) {
        MUST(lint_level_name(l->item[i].level) && l->item[i].check);
        MUST(strlen(l->item[i].text) > 10 && strlen(l->item[i].text) <= 4096);
        MUST(!strchr(l->item[i].text, '\n'));
    }
}

static void look_at_message(struct str *rest)
{
    struct lint l = {0};
    struct lint_message m = {.from_domain = "a.co.kr", .is_ad = true};

    str_cut(rest, '\0', &m.message);
    str_cut(rest, '\0', &m.html);
    str_cut(rest, '\0', &m.text);
    lint_check_message(&m, &l);
    check(&l);
    lint_done(&l);
}

static void look_at_sender(struct str rest)
{
    struct lint_key key = {"a.co.kr", "s", "v=DKIM1; p=AAAA"};
    char *sources[] = {"192.0.2.1", NULL, "2001:db8::1"};
    struct lint_sender s = {"n.a.co.kr", "b.a.co.kr", &key, 1, sources, 3};
    struct lint_txt txt[8];
    char *records[RECORDS];
    size_t count = 0, names = 0;
    struct lint l = {0};
    struct str one;

    while (count < RECORDS && str_cut(&rest, '\0', &one))
        records[count++] = mem_strn(one.p, one.n);
    for (; names < 8 && (txt[names].name = lint_wanted(&s, names)); names++) {
        txt[names].answer = DNS_FOUND;
        txt[names].txt = records;
        txt[names].count = count;
    }
    lint_check_sender(&s, txt, names, &l);
    check(&l);
    lint_done(&l);
    for (size_t i = 0; i < names; i++)
        free(txt[i].name);
    while (count)
        free(records[--count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size);

    if (size > 65536)
        return 0;
    look_at_message(&rest);
    look_at_sender(rest);
    return 0;
}
