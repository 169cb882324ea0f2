/* name.c: see name.h. (P) */
#include "name.h"

#include <sluice/base/utf8.h>

#include <arpa/inet.h>
#include <idn2.h>

/* Longer input cannot be a domain even if every character took four bytes; libidn2 never sees it.
 */
#define INPUT_MAX ((size_t)4 * DNS_NAME_SIZE)

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* NULL when the lower-case ASCII name is fine, else what is wrong. */
static const char *fault_of(struct str name)
{
    struct str rest = name, label = {NULL, 0};

    if (name.n == 0)
        return "empty domain";
    if (name.n > DNS_NAME_MAX)
        return "domain longer than 253 octets";
    if (name.p[name.n - 1] == '.')
        return "empty label in the domain";
    while (str_cut(&rest, '.', &label)) {
        if (label.n == 0)
            return "empty label in the domain";
        if (label.n > 63)
            return "label longer than 63 octets";
        for (size_t i = 0; i < label.n; i++)
            if (!is_name_char(label.p[i]))
                return "character that no domain name has";
    }
    /* No top-level domain is a number (RFC 3696 2): this catches 192.0.2.1 without a query. */
    if (is_all_digits(label))
        return "an address is no domain";
    return NULL;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static const char *convert(struct str domain, char out[DNS_NAME_SIZE])
{
    char input[INPUT_MAX + 1];
    char *ascii = NULL;
    const char *why = NULL;

    if (memchr(domain.p, 0, domain.n))
        return "character that no domain name has";
    if (utf8_bad_at(domain.p, domain.n) != domain.n)
        return "domain is not UTF-8";
    memcpy(input, domain.p, domain.n);
    input[domain.n] = 0;
    if (idn2_to_ascii_8z(input, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return "domain has no A-label form (IDNA2008)";
    if (strlen(ascii) >= DNS_NAME_SIZE)
        why = "domain longer than 253 octets";
    else
        str_copy(out, DNS_NAME_SIZE, str_of(ascii));
    idn2_free(ascii);
    return why;
}

bool dns_name_to_ascii(struct str domain, char out[DNS_NAME_SIZE], const char **why)
{
    size_t n;

    out[0] = 0;
    *why = NULL;
    if (domain.n > INPUT_MAX) {
        *why = "domain longer than 253 octets";
        return false;
    }
    /* Pure ASCII stays away from libidn2: IDNA2008 refuses names that are in use ("a_b.example",
     * "r3---x.example"), and this is the common case. */
    if (!is_ascii(domain))
        *why = convert(domain, out);
    else if (domain.n > DNS_NAME_MAX + 1)
        *why = "domain longer than 253 octets";
    else if (domain.n > 0 && memchr(domain.p, 0, domain.n))
        *why = "character that no domain name has";
    else
        str_copy(out, DNS_NAME_SIZE, domain);
    if (*why)
        return false;
    n = strlen(out);
    if (n > 0 && out[n - 1] == '.')
        out[--n] = 0;
    str_lower(out, n);
    *why = fault_of(str_n(out, n));
    return !*why;
}

bool dns_name_is_host(const char *name)
{
    return !fault_of(str_of(name));
}

bool dns_name_is_local(const char *name)
{
    struct str s = str_of(name);

    return str_is(s, "localhost") || str_ends_nocase(s, ".localhost") ||
           str_is(s, "localhost.localdomain") || str_is(s, "localhost6.localdomain6");
}
