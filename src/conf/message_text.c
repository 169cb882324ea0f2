/* message_text.c (P)
 *
 * These texts become header fields. That no control character is in them has been seen to; what is refused here
 * would make a field that mailboxes do not understand. */
#include "message_text.h"

#include <sluice/conf/domain.h>

#define PHRASE_MAX 200
#define HTTPS "https://"

/* The text without its Mustache tags, one byte after the other; -1 at its end. What a tag stands for is the
 * recipient's; a tag that is never closed is for the compiler to say. */
static int next_fixed(struct str *rest)
{
    while (str_starts(*rest, "{{")) {
        const char *end = memmem(rest->p, rest->n, "}}", 2);

        if (!end)
            return -1;
        end += end + 2 < rest->p + rest->n && end[2] == '}' ? 3 : 2;
        *rest = str_n(end, rest->n - (size_t)(end - rest->p));
    }
    if (rest->n == 0)
        return -1;
    rest->n--;
    return (unsigned char)*rest->p++;
}

static bool has_tag(struct str s)
{
    return s.n && memmem(s.p, s.n, "{{", 2);
}

/* RFC 3986 2 */
static bool is_url_byte(int c)
{
    return c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}", c);
}

static bool is_url(struct str s)
{
    int c;

    while ((c = next_fixed(&s)) >= 0)
        if (!is_url_byte(c))
            return false;
    return true;
}

/* dot-atom of RFC 5322 3.2.3, with a dot in it */
static bool is_dotted_name(struct str s)
{
    struct str label;
    size_t labels = 0;

    if (s.n == 0 || s.n > 255 || s.p[s.n - 1] == '.')
        return false;
    for (; str_cut(&s, '.', &label); labels++) {
        if (label.n == 0)
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (label.p[i] <= ' ' || label.p[i] >= 0x7f || strchr("()<>[]:;@\\,\"", label.p[i]))
                return false;
    }
    return labels >= 2;
}

const char *message_text_list_id(struct str s)
{
    const char *open = s.n ? memchr(s.p, '<', s.n) : NULL;
    bool tagged = has_tag(s),
         is_framed = !open || (s.p[s.n - 1] == '>' && open - s.p <= PHRASE_MAX);

    if (is_framed && open)
        s = str_n(open + 1, s.n - (size_t)(open - s.p) - 2);
    if (!tagged && is_framed && is_dotted_name(s))
        return NULL;
    return "\"news.example.com\", or \"name <news.example.com>\" with up to 200 bytes of name; no "
           "tags";
}

const char *message_text_unsubscribe(struct str s)
{
    if (str_starts(s, HTTPS) && s.n > strlen(HTTPS) && is_url(s))
        return NULL;
    return "a URL that begins with https://, without blanks and other letters than those of URLs; "
           "tags in it work";
}

const char *message_text_mailto(struct str s)
{
    const char *query = s.n ? memchr(s.p, '?', s.n) : NULL;
    struct str address = str_n(s.p, query ? (size_t)(query - s.p) : s.n);

    if (!str_starts(s, "mailto:") && is_url(s) &&
        (has_tag(address) || domain_address_is_good(address)))
        return NULL;
    return "an address, or \"address?subject=...\" with everything but URL letters "
           "percent-encoded; "
           "tags in it work; without \"mailto:\"";
}

const char *message_text_feedback_id(struct str s)
{
    unsigned colons = 0;
    int c;

    while ((c = next_fixed(&s)) >= 0) {
        colons += c == ':';
        if (c <= ' ' || c >= 0x7f || colons > 3)
            return "up to four words with ':' between them, such as "
                   "\"{{campaign}}:shop:ad:hanbit\", in ASCII "
                   "and without blanks";
    }
    return NULL;
}

const char *message_text_address(struct str s)
{
    return !has_tag(s) && domain_address_is_good(s)
               ? NULL
               : "an address such as \"help@example.com\", without tags";
}

const char *message_text_plain(struct str s)
{
    return has_tag(s) ? "a text without tags: all recipients see the same" : NULL;
}

const char *message_text_telephone(struct str s)
{
    unsigned digits = 0;

    for (size_t i = 0; i < s.n; i++)
        digits += s.p[i] >= '0' && s.p[i] <= '9';
    return !has_tag(s) && digits >= 4 ? NULL : "a telephone number such as \"02-1234-5678\"";
}

/* Of the beginning of a URL whose path goes on. */
static bool is_base_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~:/%", c));
}

const char *message_text_server(struct str s)
{
    struct str rest = s, authority, host = {0};
    char name[DOMAIN_TEXT], ascii[DOMAIN_TEXT];
    bool ok = str_starts(s, HTTPS);

    for (size_t i = 0; i < s.n; i++)
        ok = ok && is_base_byte(s.p[i]);

    if (ok) {
        rest = str_n(s.p + strlen(HTTPS), s.n - strlen(HTTPS));
        ok = str_cut(&rest, '/', &authority) && str_cut(&authority, ':', &host) &&
             host.n < sizeof name;
        str_copy(name, sizeof name, host);
    }
    if (ok && domain_to_ascii(name, ascii))
        return NULL;
    return "\"https://t.example.com\", perhaps with a path, without '?' and '#'";
}

const char *message_text_web(struct str s)
{
    return (str_starts(s, HTTPS) || str_starts(s, "http://"))
               ? NULL
               : "what begins with https:// or http://";
}
