#include "helper_render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/must.h>

struct job_spec helper_spec(void)
{
    return (struct job_spec){
        .id = TEXT("spring-1"),
        .client = TEXT("bomnal"),
        .msg_class = MSG_TRANSACTIONAL,
        .from_name = TEXT("봄날상회"),
        .from_address = TEXT("news@shop.example"),
        .template_name = TEXT("spring"),
        .token = TEXT("00c0ffee00c0ffee"),
        .variables = TEXT("{}"),
        .expires_ms = 1,
    };
}

struct mailing *helper_make(const struct job_spec *spec, const char *const *files,
                            const char *columns, struct problems *p)
{
    struct part_file item[16];
    struct part_files parts = {.item = item};

    for (size_t i = 0; files[i]; i += 2) {
        assert_true(parts.count < 16);
        item[parts.count++] =
            (struct part_file){.name = TEXT(files[i]), .text = TEXT(files[i + 1])};
        item[parts.count - 1].n = strlen(files[i + 1]);
    }
    problems_init(p);
    return mailing_new(spec, &parts, columns, p);
}

void helper_print(const struct problems *p)
{
    for (size_t i = 0; i < p->count; i++)
        print_error("%s:%u: %s%s\n", p->item[i].file ? p->item[i].file : "-", p->item[i].line,
                    p->item[i].is_warning ? "warning: " : "", p->item[i].text);
}

struct mailing *helper_make_good(const struct job_spec *spec, const char *const *files,
                                 const char *columns)
{
    struct problems p;
    struct mailing *m = helper_make(spec, files, columns, &p);

    if (!m)
        helper_print(&p);
    assert_non_null(m);
    problems_done(&p);
    return m;
}

bool helper_says(const struct problems *p, const char *what)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strstr(p->item[i].text, what))
            return true;
    }
    return false;
}

bool helper_render(const struct mailing *m, const char *vars, const struct keys *keys,
                   struct buf *out, struct err *e)
{
    char id[128];
    struct render_input in = {.email = "kim@mail.example",
                              .vars = vars,
                              .vars_len = strlen(vars),
                              .rid = 42,
                              .now = {1795313130000},
                              .utc_offset_min = 540,
                              .message_id = id,
                              .keys = keys};

    mailing_message_id(m, in.rid, id, sizeof id);
    return mailing_render(m, &in, out, e);
}

/* ---- taking messages apart */

/* The value of a field in the headers that begin at `at`. */
static const char *field_at(const char *at, const char *name)
{
    static char value[4096];
    size_t n = 0, k = strlen(name);

    for (; *at && strncmp(at, "\r\n", 2) != 0; at = strstr(at, "\r\n") + 2) {
        if (strncmp(at, name, k) != 0 || at[k] != ':')
            continue;
        for (at += k + 1; *at && n + 1 < sizeof value; at++) {
            if (strncmp(at, "\r\n", 2) == 0 && at[2] != ' ')
                break;
            if (*at != '\r' && *at != '\n')
                value[n++] = *at;
        }
        value[n] = '\0';
        return value + (value[0] == ' ');
    }
    return "";
}

const char *helper_field(const struct buf *message, const char *name)
{
    return field_at(message->data, name);
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void decode_qp(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '=') {
            buf_putc(out, s.p[i]);
        } else if (s.p[i + 1] == '\r') {
            i += 2;
        } else {
            buf_putc(out, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
            i += 2;
        }
    }
}

static void decode_base64(struct str s, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t v = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < s.n; i++) {
        const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;

        if (!d)
            continue;
        v = v << 6 | (uint32_t)(d - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_putc(out, (char)(v >> bits));
        }
    }
}

bool helper_body(const struct buf *message, const char *type, struct buf *body)
{
    char *field = mem_printf("Content-Type: %s", type);
    const char *at = strstr(message->data, field), *end, *start;
    char encoding[64];

    free(field);
    buf_init(body, MAILING_MAX_BYTES);
    if (!at)
        return false;
    str_copy(encoding, sizeof encoding, str_of(field_at(at, "Content-Transfer-Encoding")));
    start = strstr(at, "\r\n\r\n") + 4;
    end = strstr(start - 2, "\r\n--=_");
    if (end && end < start)
        end = start;
    if (!end)
        end = message->data + message->len;
    if (strcmp(encoding, "quoted-printable") == 0)
        decode_qp(str_n(start, (size_t)(end - start)), body);
    else if (strcmp(encoding, "base64") == 0)
        decode_base64(str_n(start, (size_t)(end - start)), body);
    else
        buf_put(body, start, (size_t)(end - start));
    if (body->len >= 2 && strcmp(body->data + body->len - 2, "\r\n") == 0)
        buf_cut(body, body->len - 2);
    return true;
}

void helper_show(const struct job_spec *spec, const char *const *files, const char *vars,
                 const struct keys *keys, const char *type, struct buf *body)
{
    struct mailing *m = helper_make_good(spec, files, "[]");
    struct buf out;
    struct err e = {0};

    buf_init(&out, MAILING_MAX_BYTES);
    if (!helper_render(m, vars, keys, &out, &e))
        fail_msg("%s", e.text);
    assert_true(helper_body(&out, type, body));
    buf_done(&out);
    mailing_release(m);
}

/* ---- keys */

static void write_secret(char *path, const char *text, size_t n)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0600), 0);
    assert_int_equal(write(fd, text, n), n);
    close(fd);
}

static struct dkim_ring *make_dkim(void)
{
    char path[] = "/tmp/sluice-dkim-XXXXXX";
    struct dkim_entry entry = {
        .domain = TEXT("shop.example"), .selector = TEXT("s1"), .key_file = path};
    struct problems p;
    struct dkim_ring *ring;
    struct buf pem;
    struct err e;

    buf_init(&pem, 16384);
    assert_true(dkim_key_generate(DKIM_ED25519_SHA256, 0, &pem, &e));
    write_secret(path, pem.data, pem.len);
    problems_init(&p);
    ring = dkim_ring_load(&entry, 1, &p);
    unlink(path);
    helper_print(&p);
    assert_non_null(ring);
    problems_done(&p);
    buf_done(&pem);
    return ring;
}

struct keys *helper_keys(bool signs)
{
    static const char line[] = "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";
    char path[] = "/tmp/sluice-token-XXXXXX";
    struct token_ring *tokens;
    struct problems p;

    write_secret(path, line, sizeof line - 1);
    problems_init(&p);
    tokens = token_ring_load(path, &p);
    unlink(path);
    helper_print(&p);
    assert_non_null(tokens);
    problems_done(&p);
    return keys_new(signs ? make_dkim() : NULL, tokens);
}
