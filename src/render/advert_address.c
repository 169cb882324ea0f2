/* What looks like a postal address. */
#include "advert_address.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
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
static bool has_korean_address(struct str text)
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

/* ---- in English */

static bool ends_nocase_in(struct str word, const char *const *ending, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (word.n > strlen(ending[i]) && str_ends_nocase(word, ending[i]))
            return true;
    }
    return false;
}

static bool is_whole(struct str word, const char *const *whole, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(word, str_of(whole[i])))
            return true;
    }
    return false;
}

static bool is_english_street(struct str word)
{
    static const char *const ending[] = {"-ro", "-gil", "-daero", "-dong", "-ri", "-ga"};
    static const char *const whole[] = {"street", "st", "road", "rd", "avenue", "ave", "boulevard"};

    return ends_nocase_in(word, ending, sizeof ending / sizeof *ending) ||
           is_whole(word, whole, sizeof whole / sizeof *whole);
}

static bool is_english_region(struct str word)
{
    static const char *const ending[] = {"-si", "-do", "-gun", "-gu", "-eup", "-myeon"};
    static const char *const whole[] = {"seoul",   "busan",   "daegu", "incheon",
                                        "gwangju", "daejeon", "ulsan", "sejong"};

    return ends_nocase_in(word, ending, sizeof ending / sizeof *ending) ||
           is_whole(word, whole, sizeof whole / sizeof *whole);
}

/* A street with a number beside it, and near it a city or district: 12, Bomnal-ro, Jung-gu, Seoul. */
static bool has_english_address(struct str text)
{
    const size_t beside = 2, near = 6; /* words */
    size_t at = near, number = 0, street = 0, place = 0, region = 0;

    for (size_t i = 0; i <= text.n; i++) {
        size_t from = i;
        struct str word;

        while (i < text.n && (unsigned char)text.p[i] > ' ' && !strchr(",.;()", text.p[i]))
            i++;
        word = str_n(text.p + from, i - from);
        if (word.n == 0)
            continue;
        at++;
        if (is_digit(word.p[0]) && is_house_number(word))
            number = at;
        else if (is_english_street(word))
            street = at;
        else if (is_english_region(word))
            region = at;
        if (number && street && (number == at || street == at) &&
            (number > street ? number - street : street - number) <= beside)
            place = at;
        if (place && region && (place > region ? place - region : region - place) <= near)
            return true;
    }
    return false;
}

bool advert_has_address(struct str folded)
{
    return has_korean_address(folded) || has_english_address(folded);
}
