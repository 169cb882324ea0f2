/* host_name.c: what a host may call itself (RFC 5321 4.1.3, 4.1.4). (P) */
#include <arpa/inet.h>
#include <string.h>
#include <sluice/base/str.h>

#include <sluice/conf/domain.h>
#include "parts.h"

#define HOST_NAME_BYTES 253

/* "[203.0.113.10]", "[IPv6:2001:db8::1]" */
static bool is_address_literal(struct str s)
{
    unsigned char any[16];
    char address[46];
    int family = AF_INET;

    if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
        return false;
    s = str_n(s.p + 1, s.n - 2);
    if (s.n > 5 && str_eq_nocase(str_n(s.p, 5), str_of("IPv6:"))) {
        s = str_n(s.p + 5, s.n - 5);
        family = AF_INET6;
    }
    if (s.n >= sizeof address)
        return false;
    str_copy(address, sizeof address, s);
    return inet_pton(family, address, any) == 1;
}

static bool is_host_name(const char *name)
{
    struct str rest = str_of(name), label = {0};

    if (*name == '[')
        return is_address_literal(rest);
    if (rest.n == 0 || rest.n > HOST_NAME_BYTES || rest.p[rest.n - 1] == '.')
        return false;
    while (str_cut(&rest, '.', &label))
        if (!domain_label_is_good(label))
            return false;
    /* All digits: an address without its brackets. */
    return strspn(label.p, "0123456789") < label.n;
}

void part_check_ehlo_name(const struct conf_node *group, const char *path, const char *name,
                          struct problems *p)
{
    const struct conf_node *n = conf_find(group, "ehlo_name");
    char own[CONF_PATH];

    if (!n || !name || is_host_name(name))
        return;
    conf_path(own, path, "ehlo_name");
    conf_say(p, n, own,
             "not a host name (got \"%.60s\", allowed: one such as \"mail.example.com\", or "
             "\"[203.0.113.10]\")",
             name);
}
