/* domain.c: see domain.h. */
#include <sluice/conf/domain.h>

#include <idn2.h>

#define LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool domain_label_is_good(struct str s)
{
    if (s.n == 0 || s.n > 63 || s.p[0] == '-' || s.p[s.n - 1] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_label_char(s.p[i]))
            return false;
    return true;
}

static bool are_labels(const char *domain)
{
    struct str rest = str_of(domain), label;

    if (rest.n == 0 || rest.n >= DOMAIN_TEXT || rest.p[rest.n - 1] == '.')
        return false;
    while (str_cut(&rest, '.', &label))
        if (!domain_label_is_good(label))
            return false;
    return true;
}

bool domain_to_ascii(const char *domain, char out[DOMAIN_TEXT])
{
    char *ascii = NULL;
    bool ok;

    if (strlen(domain) >= DOMAIN_TEXT ||
        idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    ok = are_labels(ascii);
    str_copy(out, DOMAIN_TEXT, str_of(ascii));
    str_lower(out, strlen(out));
    idn2_free(ascii);
    return ok;
}

static bool is_atext(char c)
{
    return c > ' ' && c < 0x7f && !strchr("()<>[]:;@\\,.\"", c);
}

static bool is_local_part(struct str s)
{
    if (s.n == 0 || s.n > LOCAL_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool is_inner_dot = s.p[i] == '.' && i > 0 && i + 1 < s.n && s.p[i - 1] != '.';

        if (!is_atext(s.p[i]) && !is_inner_dot)
            return false;
    }
    return true;
}

bool domain_address_is_good(struct str s)
{
    const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
    char domain[DOMAIN_TEXT], ascii[DOMAIN_TEXT];
    struct str part;

    if (!at || !is_local_part(str_n(s.p, (size_t)(at - s.p))))
        return false;
    part = str_n(at + 1, s.n - (size_t)(at - s.p) - 1);
    if (part.n >= sizeof domain)
        return false;
    str_copy(domain, sizeof domain, part);
    return domain_to_ascii(domain, ascii) && strchr(ascii, '.');
}
