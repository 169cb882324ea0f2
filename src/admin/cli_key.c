/* cli_key.c: `sluice key`: makes keys of signatures without a daemon, and asks the daemon how they stand in the
 * DNS. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/conf/domain.h>
#include <sluice/dkim/dkim.h>
#include <sluice/os/secret.h>
#include "cli_key.h"
#include "pretty.h"

enum { PEM_MAX = 16 * 1024, RECORD_MAX = 8 * 1024, RSA_BITS = 2048 };

/* ---- key new ---- */

/* As the configuration takes them: a domain in its A-labels, a selector in ASCII. Both stand in the file's
 * name. NULL: it is none. */
static char *domain_of(const char *text)
{
    char ascii[DOMAIN_TEXT];
    return domain_to_ascii(text, ascii) && strchr(ascii, '.') ? mem_str(ascii) : NULL;
}

static char *selector_of(const char *text)
{
    char ascii[DOMAIN_TEXT];
    return domain_to_ascii(text, ascii) && strlen(ascii) == strlen(text) ? mem_str(ascii) : NULL;
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
    cli_key_owner(c, whole ? whole : k->path);
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
    if (ok && !cli_key_folder(c, k->path)) {
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

static bool take_names(struct cli *c, const char *const *args, struct new_key *k)
{
    k->domain = domain_of(args[0]);
    k->selector = selector_of(args[1]);
    if (!k->domain)
        cli_usage(c, "'%s' is no domain such as news.example", args[0]);
    else if (!k->selector)
        cli_usage(c, "'%s' is no selector (letters, digits, '-', '.')", args[1]);
    return k->domain && k->selector;
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
    if (!take_bits(c, bits, &k))
        return CLI_USAGE;
    enum cli_exit code = take_names(c, args, &k) && find_path(c, &k) ? make_key(c, &k) : CLI_USAGE;
    free(k.domain);
    free(k.selector);
    free(k.path);
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
