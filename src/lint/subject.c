/* What is wrong with a subject. */
#include "checks.h"

#include <sluice/base/utf8.h>

#include "headers.h"

#define SUBJECT_BYTES 4096
#define SUBJECT_COLUMNS 80 /* a wide letter is two */
#define CAPITALS_MIN 8
#define REPEATED_MIN 3

static bool is_reply(struct str subject)
{
    static const char *const prefixes[] = {"re:", "fw:", "fwd:", "답장:", "전달:"};

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i]);

        if (subject.n >= n && str_eq_nocase(str_n(subject.p, n), str_of(prefixes[i])))
            return true;
    }
    return false;
}

static bool is_all_capitals(struct str subject)
{
    unsigned capitals = 0;

    for (size_t i = 0; i < subject.n; i++) {
        if (subject.p[i] >= 'a' && subject.p[i] <= 'z')
            return false;
        if ((unsigned char)subject.p[i] >= 0x80)
            return false;
        capitals += subject.p[i] >= 'A' && subject.p[i] <= 'Z';
    }
    return capitals >= CAPITALS_MIN;
}

/* "!!!", "???", "★★★": the mark, or an empty one. */
static struct str repeated_mark(struct str subject)
{
    static const char *const marks[] = {"!", "?", "$", "*", "~", "！", "？", "★", "☆", "♥", "♡"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct str mark = str_of(marks[i]);
        unsigned run = 0;

        for (size_t at = 0; at + mark.n <= subject.n;) {
            bool is = memcmp(subject.p + at, mark.p, mark.n) == 0;

            run = is ? run + 1 : 0;
            if (run == REPEATED_MIN)
                return str_n(subject.p + at + mark.n - REPEATED_MIN * mark.n,
                             REPEATED_MIN * mark.n);
            at += is ? mark.n : 1;
        }
    }
    return (struct str){NULL, 0};
}

static void check_text(const struct lint_message *m, struct str subject, struct lint *l,
                       struct buf *scratch)
{
    size_t columns = utf8_columns(subject.p, subject.n);
    struct str mark = repeated_mark(subject);

    if (columns > SUBJECT_COLUMNS)
        lint_add(
            l, LINT_NOTE, "subject",
            "the subject is %zu columns wide (a Korean letter is two): telephones show about 40, "
            "computers %d; put what matters first",
            columns, SUBJECT_COLUMNS);
    if (is_all_capitals(subject))
        lint_add(l, LINT_WARNING, "subject",
                 "the subject is written in capitals throughout: filters count that as spam");
    if (mark.n)
        lint_add(l, LINT_WARNING, "subject",
                 "the subject has \"%.*s\": filters count repeated marks as spam", (int)mark.n,
                 mark.p);
    if (is_reply(subject) && !header_find(m->message, "In-Reply-To", scratch) &&
        !header_find(m->message, "References", scratch))
        lint_add(
            l, LINT_WARNING, "subject",
            "the subject pretends to be a reply or to be forwarded, and the message is neither: "
            "filters and readers take that for deceit");
}

bool subject_of(const struct lint_message *m, struct buf *out)
{
    struct buf value;
    bool is_known = m->subject.n;

    if (is_known) {
        buf_put(out, m->subject.p, m->subject.n);
        return true;
    }
    buf_init(&value, SUBJECT_BYTES);
    is_known = header_find(m->message, "Subject", &value) &&
               header_decode(str_n(value.data, value.len), out);
    buf_done(&value);
    return is_known;
}

void check_subject(const struct lint_message *m, struct lint *l)
{
    struct buf value, subject;

    buf_init(&value, SUBJECT_BYTES);
    buf_init(&subject, SUBJECT_BYTES);
    if (!header_find(m->message, "Subject", &value) || value.len == 0)
        lint_add(l, LINT_ERROR, "subject", "the message has no subject");
    else if (subject_of(m, &subject))
        check_text(m, str_n(subject.data, subject.len), l, &value);
    buf_done(&value);
    buf_done(&subject);
}
