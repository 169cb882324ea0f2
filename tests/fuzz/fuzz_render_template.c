/* Subject, text, HTML, a partial, variables and switches, separated by bytes 0x01: what compiles
 * renders to lines that SMTP takes, with the headers that we wrote and no others, and to a MIME
 * tree that is closed. The switches choose among everything that a job may ask for; without any the
 * input's hash does. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/must.h>
#include <sluice/render/mailing.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT(literal) ((char *)(uintptr_t)(literal))

enum { SUBJECT, BODY, HTML, PARTIAL, VARS, PIECES };

/* ---- keys, made once */

static void write_secret(char *path, const void *data, size_t n)
{
    int fd = mkstemp(path);

    MUST(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, n) == (ssize_t)n);
    close(fd);
}

static struct keys *make_keys(void)
{
    static const char line[] = "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";
    char token[] = "/tmp/fuzz-token-XXXXXX", dkim[] = "/tmp/fuzz-dkim-XXXXXX";
    struct dkim_entry entry = {
        .domain = TEXT("shop.example"), .selector = TEXT("s"), .key_file = dkim};
    struct problems p;
    struct keys *keys;
    struct buf pem;
    struct err e;

    problems_init(&p);
    buf_init(&pem, 16384);
    MUST(dkim_key_generate(DKIM_ED25519_SHA256, 0, &pem, &e));
    write_secret(token, line, sizeof line - 1);
    write_secret(dkim, pem.data, pem.len);
    keys = keys_new(dkim_ring_load(&entry, 1, &p), token_ring_load(token, &p));
    MUST(p.count == 0);
    unlink(token);
    unlink(dkim);
    buf_done(&pem);
    problems_done(&p);
    return keys;
}

static const struct keys *keys(void)
{
    static struct keys *made;

    if (!made)
        made = make_keys();
    return made;
}

/* ---- the job */

struct switches {
    uint64_t bits;
};

static unsigned take(struct switches *s, unsigned among)
{
    unsigned choice = (unsigned)(s->bits % among);

    s->bits /= among;
    return choice;
}

static const char *one_of(struct switches *s, const char *a, const char *b)
{
    switch (take(s, 3)) {
    case 0:
        return NULL;
    case 1:
        return a;
    default:
        return b;
    }
}

static struct job_spec make_spec(struct switches *s)
{
    static char *untracked[] = {TEXT("https://a.example/")};
    struct job_spec spec = {
        .id = TEXT("fuzz"),
        .client = TEXT("default"),
        .from_address = TEXT("news@shop.example"),
        .template_name = TEXT("t"),
        .expires_ms = 1,
        .variables = TEXT("{\"a\":\"x\",\"l\":[1,{\"a\":2}]}"),
        .msg_class = (enum msg_class)take(s, MSG_CLASSES),
        .token = TEXT(one_of(s, "0123456789abcdef", "0123456789abcdef")),
    };
    struct message_spec *m = &spec.message;

    m->missing = (enum missing_policy)take(s, MISSING_POLICIES);
    m->charset = (enum mail_charset)take(s, MAIL_CHARSETS);
    m->charset_fallback = (enum charset_fallback)take(s, CHARSET_FALLBACKS);
    m->ad_policy = (enum ad_policy)take(s, AD_POLICIES);
    m->text_from_html = take(s, 2);
    m->is_auto_submitted = take(s, 2);
    m->tracking_url = TEXT(one_of(s, "https://t.shop.example", "http://t.shop.example/"));
    m->tracks_clicks = m->tracking_url && take(s, 2);
    m->tracks_opens = m->tracking_url && take(s, 2);
    m->unsubscribe_url = TEXT(one_of(s, "https://a.example/{{a}}?{{b}}", "{{a}}"));
    m->unsubscribe_mailto = TEXT(one_of(s, "off@shop.example", "{{a}}@shop.example?subject={{b}}"));
    m->feedback_id = TEXT(one_of(s, "a:b:c:d", "{{a}}:{{b}}"));
    m->list_id = TEXT(one_of(s, "l.shop.example", "소식 <l.shop.example>"));
    m->cfbl_address = TEXT(one_of(s, "f@shop.example", NULL));
    m->untracked = untracked;
    m->untrackeds = 1;
    if (take(s, 2))
        m->sender = (struct sender_data){TEXT("봄날"), TEXT("h@shop.example"), TEXT("02-555-0100"),
                                         TEXT("서울시 중구 봄날로 12")};
    return spec;
}

static struct part_files make_files(struct switches *s, const struct str piece[PIECES],
                                    struct part_file item[8])
{
    const struct {
        const char *name;
        struct str text;
        bool is_there;
    } files[] = {
        {"subject.txt", piece[SUBJECT], true},
        {"text.txt", piece[BODY], piece[BODY].p && take(s, 4)},
        {"html.html", piece[HTML], piece[HTML].p},
        {"p.mustache", piece[PARTIAL], piece[PARTIAL].p},
        {"to.txt", piece[SUBJECT], take(s, 4) == 0},
        {"preheader.txt", piece[BODY], piece[BODY].p && take(s, 2)},
        {"images/a.png", {"\x89PNG", 4}, take(s, 2)},
        {"attachments/봄.pdf", piece[HTML], piece[HTML].p && take(s, 4) == 0},
    };
    struct part_files parts = {.item = item};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i].is_there)
            item[parts.count++] = (struct part_file){
                .name = TEXT(files[i].name), .text = TEXT(files[i].text.p), .n = files[i].text.n};
    }
    return parts;
}

/* ---- what must hold */

static bool is_ours(struct str line)
{
    static const char *const ours[] = {"DKIM-Signature: ",
                                       "Date: ",
                                       "From: ",
                                       "To: ",
                                       "Subject: ",
                                       "Message-ID: ",
                                       "List-Id: ",
                                       "List-Unsubscribe: ",
                                       "List-Unsubscribe-Post: ",
                                       "Feedback-ID: ",
                                       "CFBL-Address: ",
                                       "CFBL-Feedback-ID: ",
                                       "Auto-Submitted: ",
                                       "MIME-Version: ",
                                       "Content-Type: ",
                                       "Content-Transfer-Encoding: "};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (str_starts(line, ours[i]))
            return true;
    }
    return false;
}

static void check_lines(const struct buf *out)
{
    struct str rest = str_n(out->data, out->len), line;
    bool in_header = true;

    while (str_cut(&rest, '\n', &line)) {
        MUST(line.n && line.p[line.n - 1] == '\r' && line.n <= 999);
        MUST(!memchr(line.p, '\r', line.n - 1) && !memchr(line.p, 0, line.n));
        in_header = in_header && line.n > 1;
        MUST(!in_header || line.p[0] == ' ' || is_ours(line));
    }
    MUST(out->len >= 2 && out->data[out->len - 1] == '\n');
}

static size_t count(const struct buf *out, const char *what)
{
    size_t n = 0;

    for (const char *at = out->data; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void check_tree(const struct buf *out)
{
    for (char level = '1'; level <= '3'; level++) {
        char opened[] = " boundary=\"=_0123456789abcdef.1\"\r\n";
        char closed[] = "\r\n--=_0123456789abcdef.1--\r\n";

        opened[sizeof opened - 5] = level;
        closed[sizeof closed - 6] = level;
        MUST(count(out, opened) == count(out, closed));
    }
}

static void note_empty(void *arg, const char *name)
{
    MUST(name[0]);
    ++*(size_t *)arg;
}

/* A token is drawn when the job is taken in: what was written before cannot hold it. */
static bool knows_token(const uint8_t *data, size_t size)
{
    return size && memmem(data, size, "0123456789abcdef", 16);
}

static void use(const struct mailing *m, struct str vars, bool has_keys)
{
    struct render_input in = {.email = "kim@mail.example",
                              .vars = vars.p ? vars.p : "",
                              .vars_len = vars.n,
                              .rid = 1,
                              .now = {1795313130000},
                              .message_id = "1.fuzz@shop.example",
                              .keys = has_keys ? keys() : NULL};
    size_t empty = 0;
    struct buf out;
    struct err e;

    buf_init(&out, 400000);
    if (mailing_render(m, &in, &out, &e)) {
        check_lines(&out);
        if (mailing_spec(m)->token)
            check_tree(&out);
    } else {
        MUST(e.text[0]);
    }
    mailing_each_empty(m, &in, note_empty, &empty);
    for (uint32_t link = 0; link < 3; link++) {
        buf_clear(&out);
        if (mailing_destination(m, &in, link, link / 2, &out, &e))
            MUST(out.len > 7 && (out.data[0] | 0x20) == 'h');
    }
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size), piece[PIECES] = {{0}};
    struct switches s = {str_hash(rest)};
    struct part_file item[8];
    struct problems problems;
    struct part_files parts;
    struct job_spec spec;
    struct mailing *m;

    if (knows_token(data, size))
        return 0;
    for (size_t i = 0; i < PIECES && str_cut(&rest, 1, &piece[i]); i++) {
    }
    if (rest.n)
        s.bits = str_hash(rest);
    spec = make_spec(&s);
    parts = make_files(&s, piece, item);
    problems_init(&problems);
    m = mailing_new(&spec, &parts, take(&s, 2) ? "[]" : "[\"a\",\"b\"]", &problems);
    MUST(m || problems.errors);
    if (m)
        use(m, piece[VARS], take(&s, 2));
    mailing_release(m);
    problems_done(&problems);
    return 0;
}
