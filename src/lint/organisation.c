/* Domains that belong together. */
#include "finding.h"

/* Suffixes of two labels under which anybody registers names. The public suffix list has thousands;
 * these are the ones that mailings to and from Korea and its neighbours meet. */
static const struct {
    const char *top, *second; /* "kr", "|co|or|" */
} suffixes[] = {
    {"kr", "|co|or|go|ac|re|ne|pe|hs|ms|es|kg|sc|mil|seoul|busan|daegu|incheon|gwangju|daejeon|"
           "ulsan|gyeonggi|gangwon|chungbuk|chungnam|jeonbuk|jeonnam|gyeongbuk|gyeongnam|jeju|"},
    {"jp", "|co|ne|or|ac|go|ad|ed|gr|lg|"},
    {"uk", "|co|org|ac|gov|me|ltd|plc|net|sch|nhs|"},
    {"au", "|com|net|org|edu|gov|asn|id|"},
    {"nz", "|co|net|org|ac|govt|geek|school|"},
    {"cn", "|com|net|org|gov|edu|ac|"},
    {"tw", "|com|net|org|edu|gov|idv|"},
    {"hk", "|com|net|org|edu|gov|idv|"},
    {"sg", "|com|net|org|edu|gov|per|"},
    {"my", "|com|net|org|edu|gov|name|"},
    {"th", "|co|or|ac|go|in|net|"},
    {"id", "|co|or|ac|go|web|my|sch|"},
    {"vn", "|com|net|org|edu|gov|biz|"},
    {"ph", "|com|net|org|edu|gov|"},
    {"in", "|co|net|org|ac|gov|firm|gen|ind|"},
    {"br", "|com|net|org|edu|gov|"},
    {"mx", "|com|net|org|edu|gob|"},
    {"ar", "|com|net|org|edu|gob|"},
    {"tr", "|com|net|org|edu|gov|"},
    {"za", "|co|net|org|ac|gov|"},
    {"il", "|co|net|org|ac|gov|"},
    {"ru", "|com|org|net|"},
    {"ua", "|com|net|org|edu|gov|"},
};

static bool is_suffix(struct str second, struct str top)
{
    struct str rest, one;

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (!str_eq_nocase(top, str_of(suffixes[i].top)))
            continue;
        rest = str_of(suffixes[i].second);
        while (str_cut(&rest, '|', &one)) {
            if (one.n && str_eq_nocase(one, second))
                return true;
        }
    }
    return false;
}

const char *lint_organisation(const char *domain)
{
    size_t n = strlen(domain), dots = 0;
    const char *cut[3] = {NULL, NULL,
                          NULL}; /* behind the last dot, the one before, and before that */

    for (size_t i = n; i-- > 0 && dots < 3;) {
        if (domain[i] == '.')
            cut[dots++] = domain + i + 1;
    }
    if (dots < 2)
        return domain;
    if (!is_suffix(str_n(cut[1], (size_t)(cut[0] - 1 - cut[1])), str_of(cut[0])))
        return cut[1];
    return dots < 3 ? domain : cut[2];
}

bool lint_same_organisation(const char *a, const char *b)
{
    return str_eq_nocase(str_of(lint_organisation(a)), str_of(lint_organisation(b)));
}

bool lint_host(struct str url, char out[HOST_SIZE])
{
    struct str host;
    size_t end = 0, scheme;

    url = str_trim(url);
    if (url.n > 8 && str_eq_nocase(str_n(url.p, 8), str_of("https://")))
        scheme = 8;
    else if (url.n > 7 && str_eq_nocase(str_n(url.p, 7), str_of("http://")))
        scheme = 7;
    else
        return false;
    host = str_n(url.p + scheme, url.n - scheme);
    while (end < host.n && !strchr("/?#\\", host.p[end]))
        end++;
    host.n = end;
    for (size_t i = host.n; i-- > 0;) {
        if (host.p[i] == '@') {
            host = str_n(host.p + i + 1, host.n - i - 1);
            break;
        }
    }
    for (end = 0; end < host.n && host.p[end] != ':'; end++) {
        unsigned char c = (unsigned char)host.p[end];

        if (c <= ' ' || c >= 0x7f || c == '{')
            return false;
    }
    host.n = end;
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n == 0 || host.n >= HOST_SIZE)
        return false;
    str_copy(out, HOST_SIZE, host);
    str_lower(out, host.n);
    return true;
}
