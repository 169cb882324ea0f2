/* from_list.c: the recipients of a job that names a list instead of a file. */
#include <string.h>
#include "engine.h"

struct passing {
    bool (*each)(void *arg, const char *email, const char *vars);
    void *arg;
};

/* Those that were found invalid, suppressed or dormant stay out; a list that is only read (no suppression of the job's
 * client and class is known here) is checked again at every lease. */
static bool pass_on(void *arg, const struct contact *c)
{
    struct passing *p = arg;
    static const char *const out[] = {"invalid", "suppressed", "dormant"};
    for (size_t i = 0; i < sizeof out / sizeof *out; i++)
        if (strcmp(c->status, out[i]) == 0)
            return true;
    return p->each(p->arg, c->address, c->vars && c->vars[0] ? c->vars : "{}");
}

bool engine_each_mailable(struct list_store *l, const char *list,
                          bool (*each)(void *arg, const char *email, const char *vars), void *arg,
                          struct err *err)
{
    struct passing p = {each, arg};
    return list_each_contact(l, list, pass_on, &p, err);
}

bool engine_each_contact(void *arg, const char *list,
                         bool (*each)(void *each_arg, const char *email, const char *vars),
                         void *each_arg, struct err *err)
{
    struct engine *e = arg;
    return engine_each_mailable(e->intake_list, list, each, each_arg, err);
}
