#include "base64url.h"
#include "ring.h"

#include <sluice/base/must.h>
#include <sluice/os/secret.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cuts a word off *line; false: there is none. */
static bool cut_word(struct str *line, struct str *word)
{
    size_t n = 0;

    *line = str_trim(*line);
    while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
        n++;
    *word = str_n(line->p, n);
    *line = str_n(line->p + n, line->n - n);
    return n > 0;
}

static struct str without_comment(struct str line)
{
    const char *at = line.n ? memchr(line.p, '#', line.n) : NULL;

    return str_trim(at ? str_n(line.p, (size_t)(at - line.p)) : line);
}

/* 0: it is no id. */
static unsigned char id_of(struct str word)
{
    uint64_t id;

    return str_to_u64(word, &id) && id < TOKEN_IDS && word.p[0] != '0' ? (unsigned char)id : 0;
}

/* Why the line is none, or NULL. Never shows what it holds. */
static const char *read_line(struct token_ring *r, struct str line)
{
    struct str id_text, secret_text;
    unsigned char secret[TOKEN_SECRET_MAX], id;
    size_t n;

    if (!cut_word(&line, &id_text) || !cut_word(&line, &secret_text))
        return "a line is: ID SECRET";
    id = id_of(id_text);
    if (!id)
        return "the ID is a number from 1 to 255";
    if (str_trim(line.n ? line : str_n("", 0)).n)
        return "there is something behind the secret";
    n = base64url_decode(secret_text, secret, sizeof secret);
    if (n == BASE64URL_BAD || n < TOKEN_SECRET_MIN) {
        explicit_bzero(secret, sizeof secret);
        return "the secret is 32 to 64 random bytes in base64url without padding";
    }
    if (r->key[id])
        return "this ID stands in a line above";
    r->key[id] = mem_array(1, sizeof *r->key[id]);
    token_key_init(r->key[id], secret, n);
    explicit_bzero(secret, sizeof secret);
    if (!r->writes)
        r->writes = id;
    return NULL;
}

/* False: there is none. */
static bool read_lines(struct token_ring *r, const char *path, struct str text, struct problems *p)
{
    struct str line;
    unsigned number = 0;
    bool has_line = false;

    while (str_cut(&text, '\n', &line)) {
        const char *why;

        number++;
        line = without_comment(line);
        if (line.n == 0)
            continue;
        has_line = true;
        why = read_line(r, line);
        if (why)
            problems_add(p, path, number, "%s", why);
    }
    return has_line;
}

static struct token_ring *ring_new(void)
{
    struct token_ring *r = mem_array(1, sizeof *r);

    atomic_init(&r->refs, 1);
    return r;
}

bool token_file_check(const char *path, struct str text, struct problems *p)
{
    struct token_ring *r = ring_new();
    size_t errors = p->errors;

    read_lines(r, path, text, p);
    token_ring_release(r);
    return p->errors == errors;
}

struct token_ring *token_ring_load(const char *path, struct problems *p)
{
    struct token_ring *r = ring_new();
    size_t errors = p->errors;
    struct buf text;
    struct err e;

    if (!secret_read(path, TOKEN_FILE_MAX, &text, &e))
        problems_add(p, NULL, 0, "keys of tokens: %s", e.text);
    else if (!read_lines(r, path, str_n(text.data, text.len), p))
        problems_add(p, path, 0, "there is no key for tokens in it; a line is: ID SECRET");
    secret_done(&text);
    if (p->errors > errors) {
        token_ring_release(r);
        return NULL;
    }
    return r;
}

struct token_ring *token_ring_ref(struct token_ring *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void token_ring_release(struct token_ring *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < TOKEN_IDS; i++) {
        if (r->key[i])
            token_key_done(r->key[i]);
        free(r->key[i]);
    }
    free(r);
}

/* The one behind the highest, so that the ID of a key that was taken out does not come again
 * while its tokens are still in mailboxes. */
static unsigned free_id(const bool used[TOKEN_IDS])
{
    unsigned id = TOKEN_IDS;

    while (id > 1 && !used[id - 1])
        id--;
    if (id < TOKEN_IDS)
        return id;
    for (id = 1; id < TOKEN_IDS && used[id]; id++)
        ;
    return id < TOKEN_IDS ? id : 0;
}

bool token_key_line(struct str file, const unsigned char secret[32], char out[80])
{
    bool used[TOKEN_IDS] = {false};
    struct str line, word;
    char text[64];
    unsigned id;

    while (str_cut(&file, '\n', &line))
        if (cut_word(&line, &word))
            used[id_of(word)] = true;
    id = free_id(used);
    if (!id)
        return false;
    text[base64url_encode(secret, 32, text)] = '\0';
    snprintf(out, 80, "%u %s", id, text);
    explicit_bzero(text, sizeof text);
    return true;
}
