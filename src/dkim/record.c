#include "key.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_MAX 32
#define RECORD_BYTES_MAX 8192

/* A tag list, RFC 6376 3.2. */
struct tag {
    struct str name, value;
};
struct tags {
    struct tag item[TAGS_MAX];
    size_t count;
};

static enum dkim_record_verdict say(enum dkim_record_verdict v, char why[160], const char *format,
                                    ...) __attribute__((format(printf, 3, 4)));
static enum dkim_record_verdict say(enum dkim_record_verdict v, char why[160], const char *format,
                                    ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, 160, format, args);
    va_end(args);
    for (char *c = why; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = '?';
    return v;
}

static bool is_tag_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_')))
            return false;
    }
    return s.n > 0;
}

static bool is_tag_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';

        if (!is_blank && (c < '!' || c > '~' || c == ';'))
            return false;
    }
    return true;
}

static const struct tag *find(const struct tags *t, struct str name)
{
    for (size_t i = 0; i < t->count; i++)
        if (str_eq(t->item[i].name, name))
            return &t->item[i];
    return NULL;
}

static bool add_tag(struct tags *t, struct str part, char why[160])
{
    struct tag tag;
    char name[40];

    if (!str_cut(&part, '=', &tag.name) || part.p == tag.name.p + tag.name.n) {
        str_copy(name, sizeof name, str_trim(tag.name));
        say(DKIM_RECORD_BROKEN, why, "'%s' is no tag (NAME=VALUE)", name);
        return false;
    }
    tag.name = str_trim(tag.name);
    tag.value = str_trim(part);
    str_copy(name, sizeof name, tag.name);
    if (!is_tag_name(tag.name))
        say(DKIM_RECORD_BROKEN, why, "'%s' is no name of a tag", name);
    else if (!is_tag_value(tag.value))
        say(DKIM_RECORD_BROKEN, why, "%s= has characters that no tag may have", name);
    else if (find(t, tag.name))
        say(DKIM_RECORD_BROKEN, why, "%s= stands there twice", name);
    else if (t->count == TAGS_MAX)
        say(DKIM_RECORD_BROKEN, why, "more than %d tags", TAGS_MAX);
    else
        return t->item[t->count++] = tag, true;
    return false;
}

/* An empty part is allowed behind the last semicolon only. */
static bool read_tags(struct str txt, struct tags *t, char why[160])
{
    struct str part;

    t->count = 0;
    txt = str_trim(txt);
    while (str_cut(&txt, ';', &part)) {
        if (str_trim(part).n == 0) {
            say(DKIM_RECORD_BROKEN, why, "there is nothing between two semicolons");
            return false;
        }
        if (!add_tag(t, part, why))
            return false;
    }
    if (t->count == 0)
        say(DKIM_RECORD_BROKEN, why, "it is empty");
    return t->count > 0;
}

/* "sha1:sha256", blanks around the colons. */
static bool lists(struct str list, const char *word)
{
    struct str part;

    while (str_cut(&list, ':', &part))
        if (str_is(str_trim(part), word))
            return true;
    return false;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Base64 with white space anywhere (RFC 6376 2.10). More than `size` bytes are no public key of
 * ours: false, too. */
static bool decode(struct str s, unsigned char *out, size_t size, size_t *n)
{
    unsigned long bits = 0;
    size_t digits = 0, padding = 0;

    *n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = digit_of(s.p[i]);

        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n')
            continue;
        if (s.p[i] == '=' && ++padding <= 2)
            continue;
        if (digit < 0 || padding || *n == size)
            return false;
        bits = bits << 6 | (unsigned long)digit;
        if (++digits % 4 != 1)
            out[(*n)++] = (unsigned char)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    return (digits + padding) % 4 == 0 && digits % 4 != 1;
}

/* Some publish the bare RSAPublicKey, as the text of RFC 6376 says, instead of the form of its
 * examples. */
static bool is_bare_rsa(const struct dkim_key *k, const unsigned char *p, size_t n)
{
    unsigned char *der = NULL;
    int len = k->algorithm == DKIM_RSA_SHA256 ? i2d_PublicKey(k->pkey, &der) : 0;
    bool same = len > 0 && (size_t)len == n && memcmp(der, p, n) == 0;

    OPENSSL_free(der);
    return same;
}

static enum dkim_record_verdict check_key(const struct dkim_key *k, struct str value, char why[160])
{
    unsigned char p[1200];
    size_t n;

    if (value.n == 0)
        return say(DKIM_RECORD_REVOKED, why, "p= is empty: the key is revoked");
    if (!decode(value, p, sizeof p, &n))
        return say(DKIM_RECORD_BROKEN, why, "p= is no base64 of a public key");
    if ((n == k->public_bytes && memcmp(p, k->public_key, n) == 0) || is_bare_rsa(k, p, n))
        return DKIM_RECORD_GOOD;
    return say(DKIM_RECORD_OTHER_KEY, why, "p= is another public key");
}

/* What the record allows; true: this use. */
static bool allows(const struct tags *t, const struct dkim_key *k, char why[160])
{
    const char *kind = k->algorithm == DKIM_RSA_SHA256 ? "rsa" : "ed25519";
    const struct tag *v = find(t, str_of("v")), *type = find(t, str_of("k")),
                     *hash = find(t, str_of("h")), *service = find(t, str_of("s"));
    char text[40];

    if (v && (v != t->item || !str_is(v->value, "DKIM1"))) {
        str_copy(text, sizeof text, v->value);
        say(DKIM_RECORD_BROKEN, why,
            "it is no DKIM record: v=DKIM1 must stand in front, v=%s is there", text);
    } else if (!str_is(type ? type->value : str_of("rsa"), kind)) {
        str_copy(text, sizeof text, type ? type->value : str_of("rsa"));
        say(DKIM_RECORD_BROKEN, why, "k=%s%s, and the key is for k=%s", text,
            type ? "" : " (as there is no k=)", kind);
    } else if (hash && !lists(hash->value, "sha256")) {
        say(DKIM_RECORD_BROKEN, why, "h= does not allow sha256");
    } else if (service && !lists(service->value, "*") && !lists(service->value, "email")) {
        say(DKIM_RECORD_BROKEN, why, "s= does not allow email");
    } else {
        return true;
    }
    return false;
}

enum dkim_record_verdict dkim_record_check(const struct dkim_key *k, struct str txt, char why[160])
{
    struct tags t;
    const struct tag *p, *flags;
    enum dkim_record_verdict verdict;

    why[0] = '\0';
    if (txt.n > RECORD_BYTES_MAX)
        return say(DKIM_RECORD_BROKEN, why, "it is longer than %d bytes", RECORD_BYTES_MAX);
    if (!read_tags(txt, &t, why) || !allows(&t, k, why))
        return DKIM_RECORD_BROKEN;
    p = find(&t, str_of("p"));
    if (!p)
        return say(DKIM_RECORD_BROKEN, why, "p=, the public key, is missing");
    verdict = check_key(k, p->value, why);
    flags = find(&t, str_of("t"));
    if (verdict == DKIM_RECORD_GOOD && flags && lists(flags->value, "y"))
        return say(DKIM_RECORD_TESTING, why, "t=y: receivers ignore the signature while you test");
    return verdict;
}
