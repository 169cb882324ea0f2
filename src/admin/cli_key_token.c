/* cli_key_token.c: `sluice key token`: one more key in a file that a daemon, and often another program, reads. */
#include "cli_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/os/secret.h>
#include <sluice/token/token.h>
#include "pretty.h"

/* ---- where keys are ---- */

/* 0700: the names of the keys are nobody's business either. What exists stays as it is. */
bool cli_key_folder(struct cli *c, const char *file)
{
    struct err e;
    char *dir = file_parent(file), *upper = file_parent(dir);
    bool ok = file_exists(dir) || file_make_dirs(upper, &e);
    if (ok && mkdir(dir, 0700) != 0 && errno != EEXIST && !file_exists(dir))
        ok = err_sys(&e, "%s", dir);
    if (!ok)
        cli_say(c, CLI_REFUSED, "%s", e.text);
    free(upper);
    free(dir);
    return ok;
}

void cli_key_owner(struct cli *c, const char *path)
{
    if (geteuid() == 0)
        fprintf(c->out, "; sluiced must be able to read it: if it runs as another user, chown %s\n",
                path);
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

/* What a daemon would refuse is not touched: it is named. */
static bool is_good(struct cli *c, const char *path, const struct buf *text)
{
    struct problems p;
    struct buf lines;
    problems_init(&p);
    bool ok = token_file_check(path, str_n(text->data, text->len), &p);
    if (!ok) {
        buf_init(&lines, 64 * 1024);
        problems_format(&p, &lines);
        cli_say(c, CLI_REFUSED, "no key is added to a file that is broken already");
        fputs(lines.data, c->err);
        buf_done(&lines);
    }
    problems_done(&p);
    return ok;
}

/* The folder is locked. */
static enum cli_exit add_line(struct cli *c, const char *path, bool is_first)
{
    struct buf now = {0}, whole;
    struct err e;
    char line[80] = "";
    bool is_new = !file_exists(path);
    if (is_new)
        buf_init(&now, 1);
    bool ok = is_new || secret_read(path, TOKEN_FILE_MAX, &now, &e);
    if (ok && !is_good(c, path, &now)) {
        secret_done(&now);
        return CLI_REFUSED;
    }
    buf_init(&whole, 2 * TOKEN_FILE_MAX);
    MUST(buf_room(&whole, 2 * TOKEN_FILE_MAX));
    ok = ok && new_line(&now, line, &e);
    if (ok)
        put_line(&whole, &now, line, is_first);
    if (ok && whole.len > TOKEN_FILE_MAX)
        ok = err_set(&e, "%s would be longer than %u bytes", path, TOKEN_FILE_MAX);
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

/* A link stays one: others who follow it get the key, too. */
static enum cli_exit add_token_key(struct cli *c, const char *path, bool is_first)
{
    struct stat st;
    struct err e;
    char *target =
        lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL) : mem_str(path);
    if (!target)
        return cli_say(c, CLI_REFUSED, "%s is a link that cannot be followed: %s", path,
                       strerror(errno));
    enum cli_exit code = CLI_REFUSED;
    int lock = -1;
    if (cli_key_folder(c, target) && (lock = secret_lock(target, &e)) < 0)
        cli_say(c, CLI_REFUSED, "%s", e.text);
    if (lock >= 0) {
        code = add_line(c, target, is_first);
        close(lock);
    }
    free(target);
    return code;
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
