/* tree.c: trees of settings. (P) */
#include <stdlib.h>
#include <sluice/conf/tree.h>
#include <string.h>

static void node_done(struct conf_node *n)
{
    for (size_t i = 0; i < n->count; i++)
        node_done(&n->child[i]);
    free(n->child);
    free(n->name);
    free(n->s);
}

void conf_tree_free(struct conf_tree *t)
{
    while (t) {
        struct conf_tree *next = t->next;

        node_done(&t->root);
        for (size_t i = 0; i < t->files; i++)
            free(t->file[i]);
        free(t->file);
        free(t);
        t = next;
    }
}

const struct conf_node *conf_find(const struct conf_node *group, const char *name)
{
    if (group->kind != CONF_GROUP)
        return NULL;
    for (size_t i = 0; i < group->count; i++) {
        if (group->child[i].name && strcmp(group->child[i].name, name) == 0)
            return &group->child[i];
    }
    return NULL;
}

void conf_strings_done(struct conf_strings *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->item[i]);
    free(s->item);
    *s = (struct conf_strings){0};
}
