/* jobfile_message.c: what a job's messages are made with, from the three places that may say it. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sluice/base/must.h>
#include <sluice/conf/message.h>

#include "jobfile_private.h"

void manifest_read(const char *path, const char *shown, size_t max_bytes, struct message_spec *m,
                   struct problems *p)
{
    struct conf_tree *tree;
    struct problems found;

    problems_init(&found);
    tree = conf_load(path, max_bytes, CONF_NO_INCLUDES, &found);
    if (tree)
        message_read(&tree->root, "", MESSAGE_IN_MANIFEST, m, &found);
    for (size_t i = 0; i < found.count; i++)
        problems_add(p, shown, found.item[i].line, "%s", found.item[i].text);
    problems_done(&found);
    conf_tree_free(tree);
}

static void read_manifest(const struct settings *s, struct job_spec *spec, struct problems *p)
{
    char *folder = mem_printf("%s/%s", s->template_dir, spec->template_name);
    char *path = mem_printf("%s/" MANIFEST_NAME, folder);
    char *shown = mem_printf("%s/" MANIFEST_NAME, spec->template_name);

    struct stat st;

    if (template_holds(folder, path))
        manifest_read(path, shown, (size_t)s->caps.job_file_bytes, &spec->message, p);
    else if (lstat(path, &st) == 0)
        problems_add(p, shown, 0,
                     "a symbolic link that leads nowhere, or out of the template's folder");
    free(shown);
    free(path);
    free(folder);
}

static void check_tracking(const struct conf_node *root, const struct settings *s,
                           const struct job_spec *spec, struct problems *p)
{
    const struct conf_node *n = conf_find(root, "tracking");
    const struct message_spec *m = &spec->message;

    if (!n || (!m->tracks_opens && !m->tracks_clicks) || (m->tracking_url && s->token_key_file))
        return;
    conf_say(p, n, "tracking",
             "there is no server for it (allowed: with tracking_server = { url = \"https://...\"; "
             "key_file = "
             "\"...\"; } in the configuration)");
}

void jobfile_message(const struct conf_node *root, const struct settings *s, struct job_spec *spec,
                     struct problems *p)
{
    const char *client = spec->client ? spec->client : "";

    message_spec_copy(&spec->message, &settings_message(s, client)->message);
    /* What nobody wrote in person and nobody asked for as a subscriber: no out-of-office answers, please. */
    spec->message.is_auto_submitted = spec->is_standing && spec->msg_class != MSG_AD;
    if (s->template_dir && spec->template_name)
        read_manifest(s, spec, p);
    message_read(root, "", MESSAGE_IN_JOB, &spec->message, p);
    check_tracking(root, s, spec, p);
}
