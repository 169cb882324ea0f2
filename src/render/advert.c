#include "advert.h"

#include <sluice/base/buf.h>

#define TEXT_MAX (16u * 1024 * 1024)
#define TELEPHONE_MAX 24
#define NEAR 400 /* bytes between an opt-out's wording and the link or address for it */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Lower case, and without blanks: lines are wrapped anywhere, and people write one name in two
 * ways. */
static void squeeze(struct buf *to, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c == 0xc2 && i + 1 < text.n && (unsigned char)text.p[i + 1] == 0xa0)
            i++; /* no-break space */
        else if (c > ' ')
            buf_putc(to, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
}

static const char *find(struct str in, const char *what)
{
    return in.n ? memmem(in.p, in.n, what, strlen(what)) : NULL;
}

static bool holds(struct str squeezed, const char *what)
{
    struct buf w;
    bool found;

    buf_init(&w, TEXT_MAX);
    squeeze(&w, str_of(what));
    found = w.len && find(squeezed, w.data);
    buf_done(&w);
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

/* Ends where the last group of a number that begins at `from` may end. */
static bool telephone_at(struct str s, size_t from)
{
    size_t most = s.n - from < TELEPHONE_MAX ? s.n : from + TELEPHONE_MAX;

    for (size_t i = from; i < most; i++) {
        char c = s.p[i];
        bool is_blank = c == ' ' && i + 1 < s.n && is_digit(s.p[i + 1]);

        if (!is_digit(c) && !is_blank && (!c || !strchr("-.+()", c)))
            return false;
        if (is_digit(c) && (i + 1 == s.n || !is_digit(s.p[i + 1])) &&
            is_telephone(str_n(s.p + from, i + 1 - from)))
            return true;
    }
    return false;
}

static bool has_telephone(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool begins = is_digit(s.p[i]) || s.p[i] == '+' || s.p[i] == '(';
        bool is_inside = i > 0 && (is_digit(s.p[i - 1]) || s.p[i - 1] == '-');

        if (begins && !is_inside && telephone_at(s, i))
            return true;
    }
    return false;
}

static bool ends_in(struct str word, const char *const *ending, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(ending[i]);

        if (word.n > k && memcmp(word.p + word.n - k, ending[i], k) == 0)
            return true;
    }
    return false;
}

static bool begins_with(struct str s, const char *const *what, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_starts(s, what[i]))
            return true;
    }
    return false;
}

/* "12", "12-3,", "255번길", "3층"; but not "2회": that is no number of a house. */
static bool is_house_number(struct str s)
{
    static const char *const behind[] = {"번", "층", "호", "동"};
    size_t n = 0;

    while (n < s.n && (is_digit(s.p[n]) || (n && s.p[n] == '-')))
        n++;
    return n && (n == s.n || (unsigned char)s.p[n] < 0x80 ||
                 begins_with(str_n(s.p + n, s.n - n), behind, sizeof behind / sizeof *behind));
}

/* "봄날로" and a number behind it, in the same word or the next. */
static bool is_street(struct str word, struct str next)
{
    static const char *const street[] = {"로", "길", "동", "읍", "면", "리", "가"};
    const size_t n = sizeof street / sizeof *street;

    if (ends_in(word, street, n) && is_house_number(next))
        return true;
    for (size_t i = 1; i < word.n; i++) {
        if (is_digit(word.p[i]) && !is_digit(word.p[i - 1]) &&
            ends_in(str_n(word.p, i), street, n) && is_house_number(str_n(word.p + i, word.n - i)))
            return true;
    }
    return false;
}

static bool is_region(struct str word)
{
    static const char *const ending[] = {"시", "도", "군", "구"};
    static const char *const whole[] = {"서울", "부산", "대구", "인천", "광주", "대전",
                                        "울산", "세종", "경기", "강원", "충북", "충남",
                                        "전북", "전남", "경북", "경남", "제주"};

    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        if (str_is(word, whole[i]))
            return true;
    }
    return ends_in(word, ending, sizeof ending / sizeof *ending);
}

/* A city, county or district, and soon behind it a street with a number: 서울특별시 중구 봄날로 12. */
static bool has_address(struct str text)
{
    struct str word = {NULL, 0}, next;
    unsigned left = 0; /* words in which the street may come */

    for (size_t i = 0; i <= text.n;) {
        size_t from = i;

        while (i < text.n && (unsigned char)text.p[i] > ' ' && text.p[i] != ',')
            i++;
        next = str_n(text.p + from, i - from);
        i++;
        if (next.n == 0)
            continue;
        if (left && is_street(word, next))
            return true;
        left = is_region(next) ? 5 : left ? left - 1 : 0;
        word = next;
    }
    return left && is_street(word, str_n("", 0));
}

static bool has_name(struct str squeezed, const char *from_name)
{
    return (from_name && holds(squeezed, from_name)) || find(squeezed, "주식회사") ||
           find(squeezed, "유한회사") || find(squeezed, "(주)") || find(squeezed, "㈜") ||
           find(squeezed, "co.,ltd") || find(squeezed, "inc.");
}

/* ---- opt-out */

static bool has_way_near(struct str s, size_t at)
{
    size_t from = at > NEAR ? at - NEAR : 0;
    size_t to = s.n - at > NEAR ? at + NEAR : s.n;
    struct str around = str_n(s.p + from, to - from);

    return find(around, "http://") || find(around, "https://") || find(around, "mailto:") ||
           has_email(around);
}

static bool has_optout(struct str squeezed, const char *const *wording, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str rest = squeezed;
        const char *at;

        while ((at = find(rest, wording[i]))) {
            if (has_way_near(squeezed, (size_t)(at - squeezed.p)))
                return true;
            rest = str_n(at + 1, rest.n - (size_t)(at + 1 - rest.p));
        }
    }
    return false;
}

/* Without blanks, as squeeze() leaves them. */
static const char *const korean[] = {"수신거부",     "수신을거부",     "수신을원하지", "수신을원치",
                                     "수신동의철회", "수신동의를철회", "수신철회",     "구독취소",
                                     "구독해지",     "구독을취소",     "구독을해지",   "수신해지",
                                     "더이상받고",   "받지않으시려",   "원하지않으",   "원치않으"};
static const char *const english[] = {"unsubscribe",      "optout",           "opt-out",
                                      "optingout",        "stopreceiving",    "nolongerwish",
                                      "notwishtoreceive", "notwanttoreceive", "tostopthese",
                                      "stopthese",        "refusetoreceive"};

/* ---- the whole */

unsigned advert_lacks(struct str text, const struct sender_data *sender, const char *from_name)
{
    struct buf buf;
    struct str s;
    unsigned lacks = 0;

    buf_init(&buf, TEXT_MAX);
    squeeze(&buf, text);
    s = str_n(buf.data, buf.len);
    if (!(sender->name ? holds(s, sender->name) : has_name(s, from_name)))
        lacks |= ADVERT_NAME;
    if (!(sender->email ? holds(s, sender->email) : has_email(text)))
        lacks |= ADVERT_EMAIL;
    if (!(sender->telephone ? holds(s, sender->telephone) : has_telephone(text)))
        lacks |= ADVERT_TELEPHONE;
    if (!(sender->address ? holds(s, sender->address) : has_address(text)))
        lacks |= ADVERT_ADDRESS;
    if (!has_optout(s, korean, sizeof korean / sizeof *korean))
        lacks |= ADVERT_OPTOUT_KO;
    if (!has_optout(s, english, sizeof english / sizeof *english))
        lacks |= ADVERT_OPTOUT_EN;
    buf_done(&buf);
    return lacks;
}

bool advert_is_marked(struct str subject)
{
    return str_starts(subject, ADVERT_MARK);
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
