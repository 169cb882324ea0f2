/* cli_key.c: `sluice key`: makes keys without a daemon, and asks the daemon how they stand in the DNS. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/dkim/dkim.h>
#include <sluice/os/file.h>
#include <sluice/os/secret.h>
#include <sluice/token/token.h>
#include "pretty.h"

enum { PEM_MAX = 16 * 1024, RECORD_MAX = 8 * 1024, TOKEN_FILE_MAX = 64 * 1024, RSA_BITS = 2048 };

/* ---- where keys are ---- */

/* 0700: the names of the keys are nobody's business either. What exists stays as it is. */
static bool make_folder(struct cli *c, const char *file)
{
    struct err e;
    char *dir = mem_str(file), *slash = strrchr(dir, '/'), *upper;
    bool ok = true;
    if (slash && slash != dir) {
        *slash = 0;
        upper = strrchr(dir, '/');
        if (upper && upper != dir && !file_exists(dir)) {
            *upper = 0;
            ok = file_make_dirs(dir, &e);
            *upper = '/';
        }
        if (ok && mkdir(dir, 0700) != 0 && errno != EEXIST)
            ok = err_sys(&e, "%s", dir);
    }
    if (!ok)
        cli_say(c, CLI_REFUSED, "%s", e.text);
    free(dir);
    return ok;
}

static void say_owner(struct cli *c, const char *path)
{
    if (geteuid() == 0)
        fprintf(c->out, "; sluiced must be able to read it: if it runs as another user, chown %s\n",
                path);
}

/* ---- key new ---- */

/* Both stand in the file's name. */
static bool is_name(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n < 200 && s[0] != '.' && s[0] != '-' &&
           s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")] ==
               '\0';
}

struct new_key {
    char *domain, *selector;
    enum dkim_algorithm algorithm;
    unsigned bits;
    const char *output; /* NULL: in dkim_dir */
    char *path;
};

static bool find_path(struct cli *c, struct new_key *k)
{
    char *dir;
    if (k->output) {
        k->path = mem_str(k->output);
        return true;
    }
    if (!cli_conf_setting(c, NULL, "dkim_dir", "keys", &dir))
        return false;
    k->path = mem_printf("%s/%s.%s.pem", dir, k->domain, k->selector);
    free(dir);
    return true;
}

static void print_new(struct cli *c, const struct new_key *k, const struct dkim_key *key)
{
    struct buf zone;
    char *whole = realpath(k->path, NULL);
    buf_init(&zone, RECORD_MAX);
    dkim_key_zone_line(key, &zone);
    fprintf(c->out, "; the key is in %s\n", whole ? whole : k->path);
    say_owner(c, whole ? whole : k->path);
    fprintf(c->out, "; the record for the zone of %s:\n%s\n", k->domain, zone.data);
    fprintf(c->out,
            "; when the DNS has it, in the configuration, and then `sluice reload`:\n"
            ";   dkim = ( { domain = \"%s\"; selector = \"%s\";",
            k->domain, k->selector);
    if (k->output)
        fprintf(c->out, " key_file = \"%s\";", whole ? whole : k->path);
    fputs(" } );\n", c->out);
    buf_done(&zone);
    free(whole);
}

static enum cli_exit make_key(struct cli *c, const struct new_key *k)
{
    struct buf pem;
    struct dkim_key *key = NULL;
    struct err e;
    buf_init(&pem, PEM_MAX);
    MUST(buf_room(&pem, PEM_MAX)); /* growing would leave copies behind */
    bool ok = dkim_key_generate(k->algorithm, k->bits, &pem, &e) &&
              dkim_key_parse(str_n(pem.data, pem.len), k->domain, k->selector, &key, &e);
    if (ok && !make_folder(c, k->path)) {
        secret_done(&pem);
        dkim_key_free(key);
        return CLI_REFUSED;
    }
    ok = ok && secret_write(k->path, pem.data, pem.len, false, &e);
    secret_done(&pem);
    if (ok)
        print_new(c, k, key);
    dkim_key_free(key);
    if (ok)
        return CLI_OK;
    return e.code == EEXIST ? cli_say(c, CLI_REFUSED,
                                      "%s is there already, and a key is never overwritten: take "
                                      "another selector",
                                      k->path)
                            : cli_say(c, CLI_REFUSED, "%s", e.text);
}

static bool take_bits(struct cli *c, const char *text, struct new_key *k)
{
    uint64_t bits = RSA_BITS;
    if (text && k->algorithm == DKIM_ED25519_SHA256) {
        cli_usage(c, "--bits is for RSA; Ed25519 has 256");
        return false;
    }
    if (text && (!str_to_u64(str_of(text), &bits) || bits < DKIM_RSA_BITS_MIN || bits > 4096)) {
        cli_usage(c, "--bits takes %d to 4096, not '%s'", DKIM_RSA_BITS_MIN, text);
        return false;
    }
    k->bits = (unsigned)bits;
    return true;
}

enum cli_exit cli_key_new(struct cli *c, int argc, char **argv)
{
    const char *bits = NULL, *args[CLI_ARGS_MAX];
    bool ed25519 = false;
    struct new_key k = {.algorithm = DKIM_RSA_SHA256};
    const struct cli_option options[] = {{"ed25519", NULL, &ed25519},
                                         {"bits", &bits, NULL},
                                         {"output|o", &k.output, NULL},
                                         {NULL, NULL, NULL}};
    if (!cli_options(c, argc, argv, options, 2, 2, args))
        return CLI_USAGE;
    if (ed25519)
        k.algorithm = DKIM_ED25519_SHA256;
    for (int i = 0; i < 2; i++)
        if (!is_name(args[i]))
            return cli_usage(c,
                             "'%s' is no %s (letters, digits, '.', '-'; other letters in their "
                             "xn-- form)",
                             args[i], i == 0 ? "domain" : "selector");
    if (!take_bits(c, bits, &k))
        return CLI_USAGE;
    k.domain = mem_str(args[0]);
    k.selector = mem_str(args[1]);
    str_lower(k.domain, strlen(k.domain));
    str_lower(k.selector, strlen(k.selector));
    enum cli_exit code = find_path(c, &k) ? make_key(c, &k) : CLI_USAGE;
    free(k.domain);
    free(k.selector);
    free(k.path);
    return code;
}

/* ---- key token ---- */

/* The new line in front of what is there, or behind it. */
static void put_line(struct buf *to, const struct buf *now, const char *line, bool is_first)
{
    if (is_first)
        buf_printf(to, "%s\n", line);
    buf_put(to, now->data, now->len);
    if (now->len > 0 && now->data[now->len - 1] != '\n')
        buf_putc(to, '\n');
    if (!is_first)
        buf_printf(to, "%s\n", line);
}

static bool new_line(const struct buf *now, char line[80], struct err *e)
{
    unsigned char secret[32];
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return err_sys(e, "getrandom");
    bool ok = token_key_line(str_n(now->data, now->len), secret, line);
    explicit_bzero(secret, sizeof secret);
    return ok || err_set(e, "all 255 numbers of keys are taken: remove old ones");
}

static enum cli_exit add_token_key(struct cli *c, const char *path, bool is_first)
{
    struct buf now = {0}, whole;
    struct err e;
    char line[80] = "";
    bool is_new = !file_exists(path);
    if (is_new && !make_folder(c, path))
        return CLI_REFUSED;
    if (is_new)
        buf_init(&now, 1);
    bool ok = is_new || secret_read(path, TOKEN_FILE_MAX, &now, &e);
    buf_init(&whole, 2 * TOKEN_FILE_MAX);
    MUST(buf_room(&whole, 2 * TOKEN_FILE_MAX));
    ok = ok && new_line(&now, line, &e);
    if (ok)
        put_line(&whole, &now, line, is_first);
    ok = ok && secret_write(path, whole.data, whole.len, !is_new, &e);
    if (!ok)
        cli_say(c, CLI_REFUSED, "%s", e.text);
    else
        fprintf(c->out, "%s: key %.*s %s; `sluice reload`\n", path, (int)strcspn(line, " "), line,
                is_new     ? "made"
                : is_first ? "made, it writes from now on"
                           : "made, it reads; the first one goes on writing");
    explicit_bzero(line, sizeof line);
    secret_done(&now);
    secret_done(&whole);
    return ok ? CLI_OK : CLI_REFUSED;
}

enum cli_exit cli_key_token(struct cli *c, int argc, char **argv)
{
    const char *args[CLI_ARGS_MAX];
    bool is_first = false;
    char *path = NULL;
    const struct cli_option options[] = {{"first", NULL, &is_first}, {NULL, NULL, NULL}};
    if (!cli_options(c, argc, argv, options, 0, 1, args))
        return CLI_USAGE;
    if (args[0])
        return add_token_key(c, args[0], is_first);
    if (!cli_conf_setting(c, "tracking_server", "key_file", NULL, &path))
        return CLI_USAGE;
    if (!path)
        return cli_say(c, CLI_USAGE,
                       "which file? The configuration has no tracking_server.key_file");
    enum cli_exit code = add_token_key(c, path, is_first);
    free(path);
    return code;
}

/* ---- key check ---- */

enum cli_exit cli_key_check(struct cli *c, int argc, char **argv)
{
    const char *args[CLI_ARGS_MAX];
    bool json = false, is_good = true;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const json_t *k;
    size_t i;
    if (!cli_options(c, argc, argv, options, 0, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("keys"), *answer;
    cli_put(request, "domain", args[0]);
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK)
        cli_print_answer(c, answer, json, pretty_keys);
    json_array_foreach(json_object_get(answer, "keys"), i, k)
    {
        is_good = is_good && strcmp(pretty_member(k, "verdict"), "good") == 0;
    }
    json_decref(answer);
    return code == CLI_OK && !is_good ? CLI_REFUSED : code;
}
