#include "sample.h"

#include <sluice/base/must.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 32
#define FILE_MAX (1u << 20)

/* What options set, until the mailing is made. */
struct setup {
    struct job_spec spec;
    struct dkim_entry dkim[DKIM_SIGNATURES_MAX];
    size_t dkims;
    const char *tokens;
    struct problems problems;
};

_Noreturn void sample_die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void print_problems(struct problems *p)
{
    struct buf text;

    buf_init(&text, FILE_MAX);
    problems_format(p, &text);
    fputs(text.data, stderr);
    buf_done(&text);
}

/* ---- files */

static void load_file(const char *folder, char *name, struct part_files *parts)
{
    char *path = mem_printf("%s/%s", folder, name);
    struct part_file *to = &parts->item[parts->count++];
    FILE *f = fopen(path, "rb");

    if (!f)
        sample_die(path, "cannot be opened");
    to->name = name;
    to->text = mem_new(FILE_MAX);
    to->n = fread(to->text, 1, FILE_MAX, f);
    fclose(f);
    free(path);
}

static int is_part(const struct dirent *d)
{
    return d->d_name[0] != '.' && strcmp(d->d_name, "template.conf") != 0;
}

/* inside: "", or a folder of the template with its '/'. Sorted: the order of attachments is that of
 * the files. */
static void load_folder(const char *folder, const char *inside, struct part_files *parts)
{
    char *path = mem_printf("%s/%s", folder, inside);
    struct dirent **entry;
    int count = scandir(path, &entry, is_part, alphasort);

    if (count < 0)
        sample_die(path, "cannot be opened");
    for (int i = 0; i < count; i++) {
        bool is_folder =
            strcmp(entry[i]->d_name, "images") == 0 || strcmp(entry[i]->d_name, "attachments") == 0;
        char *name = mem_printf("%s%s%s", inside, entry[i]->d_name, is_folder ? "/" : "");

        if (parts->count == FILES_MAX)
            sample_die(path, "too many files");
        if (is_folder)
            load_folder(folder, name, parts);
        else
            load_file(folder, name, parts);
        if (is_folder)
            free(name);
        free(entry[i]);
    }
    free(entry);
    free(path);
}

/* ---- options */

static bool set_text(struct message_spec *m, const char *name, char *value)
{
    const struct {
        const char *name;
        char **to;
    } texts[] = {
        {"list_id", &m->list_id},
        {"unsubscribe_url", &m->unsubscribe_url},
        {"unsubscribe_mailto", &m->unsubscribe_mailto},
        {"feedback_id", &m->feedback_id},
        {"cfbl_address", &m->cfbl_address},
        {"tracking_url", &m->tracking_url},
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].to = value;
            return true;
        }
    }
    return false;
}

static bool set_flag(struct message_spec *m, const char *name, const char *value)
{
    const struct {
        const char *name;
        bool *to;
    } flags[] = {
        {"text_from_html", &m->text_from_html},
        {"auto_submitted", &m->is_auto_submitted},
        {"opens", &m->tracks_opens},
        {"clicks", &m->tracks_clicks},
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(name, flags[i].name) == 0) {
            *flags[i].to = strcmp(value, "true") == 0;
            return true;
        }
    }
    return false;
}

static bool set_kind(struct job_spec *spec, const char *name, struct str value)
{
    struct message_spec *m = &spec->message;

    if (strcmp(name, "class") == 0)
        return msg_class_from_name(value, &spec->msg_class);
    if (strcmp(name, "charset") == 0)
        return mail_charset_from_name(value, &m->charset);
    if (strcmp(name, "charset_fallback") == 0)
        return charset_fallback_from_name(value, &m->charset_fallback);
    return strcmp(name, "missing") == 0 && missing_policy_from_name(value, &m->missing);
}

static bool add_dkim(struct setup *s, char *value)
{
    static char all[] = "*";
    static char *from_all[] = {all};
    struct dkim_entry *e = &s->dkim[s->dkims];
    char *selector = strchr(value, ':');
    char *file = selector ? strchr(selector + 1, ':') : NULL;

    if (!file || s->dkims == DKIM_SIGNATURES_MAX)
        return false;
    *selector = *file = '\0';
    *e = (struct dkim_entry){.domain = value,
                             .selector = selector + 1,
                             .key_file = file + 1,
                             .from = from_all,
                             .froms = 1};
    s->dkims++;
    return true;
}

/* `option` is cut in pieces. */
static void set_option(struct setup *s, char *option)
{
    char *value = strchr(option, '=');

    if (!value)
        sample_die(option, "an option is NAME=VALUE");
    *value++ = '\0';
    if (strcmp(option, "subject") == 0)
        s->spec.subject = value;
    else if (strcmp(option, "from_name") == 0)
        s->spec.from_name = value;
    else if (strcmp(option, "tokens") == 0)
        s->tokens = value;
    else if (strcmp(option, "dkim") == 0 ? !add_dkim(s, value)
                                         : !set_text(&s->spec.message, option, value) &&
                                               !set_flag(&s->spec.message, option, value) &&
                                               !set_kind(&s->spec, option, str_of(value)))
        sample_die(option, "no such option, or no such value");
}

/* ---- the whole */

static struct keys *load_keys(struct setup *s)
{
    struct dkim_ring *dkim = NULL;
    struct token_ring *tokens = NULL;

    if (!s->dkims && !s->tokens)
        return NULL;
    if (s->dkims)
        dkim = dkim_ring_load(s->dkim, s->dkims, &s->problems);
    if (s->tokens)
        tokens = token_ring_load(s->tokens, &s->problems);
    return keys_new(dkim, tokens);
}

void sample_open(struct sample *sample, const char *folder, const char *columns,
                 char *const *option, size_t options)
{
    struct setup s = {.spec = {.id = (char[]){"sample"},
                               .client = (char[]){SAMPLE_CLIENT},
                               .msg_class = MSG_TRANSACTIONAL,
                               .from_name = (char[]){"봄날상회"},
                               .from_address = (char[]){SAMPLE_FROM},
                               .template_name = (char[]){"sample"},
                               .token = (char[]){"0123456789abcdef"},
                               .variables = (char[]){"{}"},
                               .expires_ms = 1}};
    struct part_files parts = {.item = mem_array(FILES_MAX, sizeof *parts.item)};
    char *copy[32];

    if (options > sizeof copy / sizeof *copy)
        sample_die("options", "too many");
    problems_init(&s.problems);
    for (size_t i = 0; i < options; i++)
        set_option(&s, copy[i] = mem_str(option[i]));
    load_folder(folder, "", &parts);
    sample->keys = load_keys(&s);
    sample->mailing = mailing_new(&s.spec, &parts, columns, &s.problems);
    print_problems(&s.problems);
    if (s.problems.errors)
        exit(1);
    problems_done(&s.problems);
    part_files_done(&parts);
    for (size_t i = 0; i < options; i++)
        free(copy[i]);
}

void sample_close(struct sample *s)
{
    mailing_release(s->mailing);
    keys_release(s->keys);
}

bool sample_render(const struct sample *s, const char *email, struct str vars, uint64_t rid,
                   struct buf *out, struct err *e)
{
    char id[128];
    struct render_input in = {.email = email,
                              .vars = vars.p,
                              .vars_len = vars.n,
                              .rid = rid,
                              .now = {1795313130000},
                              .utc_offset_min = 540,
                              .message_id = id,
                              .keys = s->keys};

    mailing_message_id(s->mailing, rid, id, sizeof id);
    return mailing_render(s->mailing, &in, out, e);
}
