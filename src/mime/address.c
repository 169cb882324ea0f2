#include <sluice/mime/header.h>

#include <idn2.h>

#include "chars.h"

bool header_domain(struct buf *out, struct str domain, struct err *e)
{
    char text[256];
    char *ascii = NULL;
    bool is_ascii = true;
    int rc;

    for (size_t i = 0; i < domain.n; i++) {
        unsigned char c = (unsigned char)domain.p[i];

        is_ascii = is_ascii && c < 0x80;
        if (c < 0x80 && !is_atext((char)c) && c != '.')
            return err_set(e, "the domain holds a character that no domain holds");
    }
    if (domain.n == 0 || domain.n >= sizeof text)
        return err_set(e, "the domain is empty or too long");
    if (is_ascii) {
        buf_put(out, domain.p, domain.n);
        return true;
    }
    str_copy(text, sizeof text, domain);
    rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK)
        return err_set(e, "the domain %s has no ASCII form: %s", text, idn2_strerror(rc));
    buf_puts(out, ascii);
    idn2_free(ascii);
    return true;
}

/* Dot-atoms, or a quoted string whose quotes are closed at its end (RFC 5321 4.1.2). */
static bool is_local_part(struct str s)
{
    bool is_quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';

    if (s.n == 0 || s.n > 64)
        return false;
    if (!is_quoted) {
        for (size_t i = 0; i < s.n; i++) {
            if (!is_atext(s.p[i]) && s.p[i] != '.')
                return false;
        }
        return true;
    }
    for (size_t i = 1; i + 1 < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < ' ' || c > 0x7e || c == '"')
            return false;
        if (c == '\\' && ++i + 1 >= s.n)
            return false;
    }
    return true;
}

bool header_address(struct buf *out, struct str address, struct err *e)
{
    size_t at = address.n;

    while (at > 0 && address.p[at - 1] != '@')
        at--;
    if (at == 0)
        return err_set(e, "an address without @");
    for (size_t i = 0; i + 1 < at; i++) {
        if ((unsigned char)address.p[i] >= 0x80)
            return err_set(e, "the local part is not ASCII: it needs SMTPUTF8");
    }
    if (!is_local_part(str_n(address.p, at - 1)))
        return err_set(e, "the local part is not one of RFC 5321");
    buf_put(out, address.p, at);
    return header_domain(out, str_n(address.p + at, address.n - at), e);
}
