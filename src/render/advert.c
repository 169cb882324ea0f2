#include "advert.h"

#include <sluice/base/buf.h>

#include "advert_address.h"
#include "advert_text.h"

#include <sluice/base/utf8.h>

#define TELEPHONE_MAX 24
#define NEAR 400      /* bytes between an opt-out's wording and the link or address for it */
#define DENIAL_MAX 60 /* bytes behind it in which it may be denied */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void fold_and_squeeze(struct str text, struct buf *out)
{
    struct buf folded;

    buf_init(&folded, ADVERT_TEXT_MAX);
    advert_fold(text, &folded);
    advert_squeeze(str_n(folded.data, folded.len), out);
    buf_done(&folded);
}

static bool holds(struct str squeezed, const char *what)
{
    struct buf w;
    bool found;

    buf_init(&w, ADVERT_TEXT_MAX);
    fold_and_squeeze(str_of(what), &w);
    found = w.len && advert_find(squeezed, w.data);
    buf_done(&w);
    return found;
}

static bool holds_address(struct str squeezed, const char *what)
{
    struct buf in, w, wanted;
    bool found;

    buf_init(&in, ADVERT_TEXT_MAX);
    buf_init(&w, ADVERT_TEXT_MAX);
    buf_init(&wanted, ADVERT_TEXT_MAX);
    advert_shorten_address(squeezed, &in);
    fold_and_squeeze(str_of(what), &w);
    advert_shorten_address(str_n(w.data, w.len), &wanted);
    found = wanted.len && advert_find(str_n(in.data, in.len), wanted.data);
    buf_done(&wanted);
    buf_done(&w);
    buf_done(&in);
    return found;
}

/* ---- what looks like it */

/* name@label.label */
static bool has_email(struct str s)
{
    for (size_t i = 1; i + 3 < s.n; i++) {
        size_t end = i + 1, dot = 0;

        if (s.p[i] != '@' || !(is_letter(s.p[i - 1]) || is_digit(s.p[i - 1]) ||
                               (s.p[i - 1] && strchr("._+-", s.p[i - 1]))))
            continue;
        for (; end < s.n && (is_letter(s.p[end]) || is_digit(s.p[end]) || s.p[end] == '-' ||
                             s.p[end] == '.' || (unsigned char)s.p[end] >= 0x80);
             end++)
            dot = s.p[end] == '.' && end > i + 1 ? end : dot;
        if (dot && dot + 1 < end)
            return true;
    }
    return false;
}

/* 02-555-0100, (031) 123-4567, 010.1234.5678, 1588-1234, +82-2-555-0100: 8 to 12 digits in groups
 * that are separated as such numbers are, the last of four. */
static bool is_telephone(struct str s)
{
    size_t digits = 0, group = 0, groups = 0;

    if (s.p[0] == '(' && s.n > 1)
        s = str_n(s.p + 1, s.n - 1);
    if (s.p[0] != '0' && !str_starts(s, "+82") &&
        !(s.n > 1 && s.p[0] == '1' && strchr("5678", s.p[1])))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (is_digit(s.p[i])) {
            groups += group++ == 0;
            digits++;
        } else {
            group = 0;
        }
    }
    return digits >= 8 && digits <= 12 && (groups == 1 || group == 4);
}

/* "02-555-0100" is the number "(02) 555 0100". */
static bool is_number(struct str s, struct str wanted)
{
    char digits[ADVERT_DIGITS];
    size_t n = advert_digits(s, digits);

    return n == wanted.n && memcmp(digits, wanted.p, n) == 0;
}

/* Ends where the last group of a number that begins at `from` may end. wanted: its digits; NULL:
 * any. */
static bool telephone_at(struct str s, size_t from, const struct str *wanted)
{
    size_t most = s.n - from < TELEPHONE_MAX ? s.n : from + TELEPHONE_MAX;

    for (size_t i = from; i < most; i++) {
        char c = s.p[i];
        struct str number = str_n(s.p + from, i + 1 - from);
        bool is_blank = (c == ' ' || (wanted && c && strchr("\t\r\n", c))) && i + 1 < s.n &&
                        (wanted || is_digit(s.p[i + 1]));

        if (!is_digit(c) && !is_blank && (!c || !strchr("-.+()", c)))
            return false;
        if (is_digit(c) && (i + 1 == s.n || !is_digit(s.p[i + 1])) &&
            (wanted ? is_number(number, *wanted) : is_telephone(number)))
            return true;
    }
    return false;
}

static bool has_telephone(struct str s, const struct str *wanted)
{
    for (size_t i = 0; i < s.n; i++) {
        bool begins = is_digit(s.p[i]) || s.p[i] == '+' || s.p[i] == '(';
        bool is_inside = i > 0 && (is_digit(s.p[i - 1]) || s.p[i - 1] == '-');

        if (begins && !is_inside && telephone_at(s, i, wanted))
            return true;
    }
    return false;
}

/* What holds more than a number ("02-555-0100, ext. 3") is compared as a text. */
static bool holds_telephone(struct str folded, struct str squeezed, const char *what)
{
    char digits[ADVERT_DIGITS];
    struct str wanted = str_n(digits, advert_digits(str_of(what), digits));

    if (wanted.n == 0 || what[strspn(what, "0123456789 -.+()")])
        return holds(squeezed, what);
    return has_telephone(folded, &wanted);
}

static bool has_name(struct str squeezed, const char *from_name)
{
    return (from_name && holds(squeezed, from_name)) || advert_find(squeezed, "유한회사") ||
           advert_find(squeezed, "(주)") || advert_find(squeezed, "co.,ltd") ||
           advert_find(squeezed, "inc.");
}

/* ---- opt-out */

static bool has_way_near(struct str s, size_t at)
{
    size_t from = at > NEAR ? at - NEAR : 0;
    size_t to = s.n - at > NEAR ? at + NEAR : s.n;
    struct str around = str_n(s.p + from, to - from);

    return advert_find(around, "http://") || advert_find(around, "https://") ||
           advert_find(around, "mailto:") || has_email(around);
}

static bool begins_with_any(struct str s, const char *const *what, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_starts(s, what[i]))
            return true;
    }
    return false;
}

/* "수신거부는 불가능합니다", "수신거부할 수 없습니다"; but "수신거부가 되지 않으면" denies nothing. */
static bool is_denied_behind(struct str rest)
{
    static const char *const words[] = {
        "불가",          "할수없",        "하실수없",      "되지않",       "안됩니다",
        "하지못",        "isnotpossible", "isimpossible",  "isnotallowed", "isnotavailable",
        "isunavailable", "isnotoffered",  "isnotsupported"};
    static const char *const conditions[] = {"으면", "는경우", "을경우",
                                             "을때", "으시면", "는다면"};
    const char *end;

    if (rest.n > DENIAL_MAX)
        rest.n = DENIAL_MAX;
    end = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
    if (end)
        rest.n = (size_t)(end - rest.p);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = advert_find(rest, words[i]);
        size_t behind = at ? (size_t)(at - rest.p) + strlen(words[i]) : 0;

        if (at && !begins_with_any(str_n(rest.p + behind, rest.n - behind), conditions,
                                   sizeof conditions / sizeof *conditions))
            return true;
    }
    return false;
}

/* "You cannot unsubscribe" */
static bool is_denied_before(struct str before)
{
    static const char *const words[] = {"cannot",   "can't",        "cannotbe",   "maynot",
                                        "unableto", "impossibleto", "possibleto", "notallowedto"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        bool is_not_possible = str_is(str_of(words[i]), "possibleto");

        if (!str_ends_nocase(before, words[i]))
            continue;
        if (!is_not_possible ||
            str_ends_nocase(str_n(before.p, before.n - strlen(words[i])), "not"))
            return true;
    }
    return false;
}

static bool has_optout(struct str squeezed, const char *const *wording, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str rest = squeezed;
        const char *at;

        while ((at = advert_find(rest, wording[i]))) {
            size_t before = (size_t)(at - squeezed.p), behind = before + strlen(wording[i]);

            if (!is_denied_before(str_n(squeezed.p, before)) &&
                !is_denied_behind(str_n(squeezed.p + behind, squeezed.n - behind)) &&
                has_way_near(squeezed, before))
                return true;
            rest = str_n(at + 1, rest.n - (size_t)(at + 1 - rest.p));
        }
    }
    return false;
}

/* Without blanks, as advert_squeeze() leaves them. */
static const char *const korean[] = {
    "수신거부",       "수신을거부", "수신거절",   "수신을원하지", "수신을원치",   "수신동의철회",
    "수신동의를철회", "수신철회",   "수신해지",   "수신해제",     "수신을해제",   "수신을해지",
    "수신중단",       "수신을중단", "구독취소",   "구독해지",     "구독을취소",   "구독을해지",
    "구독해제",       "구독을해제", "더이상받고", "받지않기",     "받지않으시려", "받고싶지않",
    "원하지않으",     "원치않으"};
static const char *const english[] = {
    "unsubscri",        "optout",           "opt-out",       "optingout",        "opting-out",
    "stopreceiving",    "stopgetting",      "nolongerwish",  "nolongerwant",     "notwishtoreceive",
    "notwanttoreceive", "notwishtoget",     "notwanttoget",  "don'twanttorec",   "don'twanttoget",
    "don'twishtorec",   "don'twishtoget",   "dontwanttorec", "tostopthese",      "stopthese",
    "refusetoreceive",  "cancelyoursubscr", "cancelsubscr",  "cancelthissubscr", "cancelthesubscr",
    "fromourmailing",   "fromthismailing",  "fromthemailing"};

/* ---- the whole */

unsigned advert_lacks(struct str text, const struct sender_data *sender, const char *from_name)
{
    struct buf folded, squeezed;
    struct str plain, s;
    unsigned lacks = 0;

    buf_init(&folded, ADVERT_TEXT_MAX);
    buf_init(&squeezed, ADVERT_TEXT_MAX);
    advert_fold(text, &folded);
    plain = str_n(folded.data, folded.len);
    advert_squeeze(plain, &squeezed);
    s = str_n(squeezed.data, squeezed.len);
    if (!(sender->name ? holds(s, sender->name) : has_name(s, from_name)))
        lacks |= ADVERT_NAME;
    if (!(sender->email ? holds(s, sender->email) : has_email(plain)))
        lacks |= ADVERT_EMAIL;
    if (!(sender->telephone ? holds_telephone(plain, s, sender->telephone)
                            : has_telephone(plain, NULL)))
        lacks |= ADVERT_TELEPHONE;
    if (!(sender->address ? holds_address(s, sender->address) : advert_has_address(plain)))
        lacks |= ADVERT_ADDRESS;
    if (!has_optout(s, korean, sizeof korean / sizeof *korean))
        lacks |= ADVERT_OPTOUT_KO;
    if (!has_optout(s, english, sizeof english / sizeof *english))
        lacks |= ADVERT_OPTOUT_EN;
    buf_done(&squeezed);
    buf_done(&folded);
    return lacks;
}

/* What follows may hide the mark or turn it around. */
bool advert_is_marked(struct str subject)
{
    size_t at = strlen(ADVERT_MARK);
    uint32_t cp;

    if (!str_starts(subject, ADVERT_MARK))
        return false;
    while (at < subject.n && strchr(" \t\r\n", subject.p[at]) && subject.p[at])
        at++;
    return !utf8_next(subject.p + at, subject.n - at, &cp) || !advert_is_invisible(cp);
}

static const struct {
    const char *name, *hint;
} about[ADVERT_ITEMS] = {
    {"the sender's name", "{{sender.name}}"},
    {"the sender's e-mail address", "{{sender.email}}"},
    {"the sender's telephone number", "{{sender.telephone}}"},
    {"the sender's postal address", "{{sender.address}}"},
    {"how to refuse further mail, in Korean",
     "수신을 원하지 않으시면 수신거부를 눌러 주십시오: {{unsubscribe_url}}"},
    {"how to refuse further mail, in English", "To unsubscribe, click here: {{unsubscribe_url}}"},
};

static unsigned number_of(enum advert_item i)
{
    unsigned n = 0;

    while (n + 1 < ADVERT_ITEMS && !(i & 1u << n))
        n++;
    return n;
}

const char *advert_item_name(enum advert_item i)
{
    return about[number_of(i)].name;
}

const char *advert_item_hint(enum advert_item i)
{
    return about[number_of(i)].hint;
}
