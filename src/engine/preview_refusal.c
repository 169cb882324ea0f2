/* preview_refusal.c: what is wrong with a job file, as an answer. */
#include <stdlib.h>
#include <string.h>
#include "live_parts.h"
#include "preview.h"

json_t *preview_texts(const struct problems *p, bool warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->count; i++) {
        const struct problem *one = &p->item[i];
        if (one->is_warning != warnings)
            continue;
        bool names_file = one->file && strncmp(one->text, one->file, strlen(one->file)) == 0;
        char *text = one->line ? mem_printf("%s:%u: %s", one->file, one->line, one->text)
                     : one->file && !names_file ? mem_printf("%s: %s", one->file, one->text)
                                                : mem_str(one->text);
        json_array_append_new(list, live_text(text));
        free(text);
    }
    return list;
}

json_t *preview_refusal(const struct preview *p, const char *what)
{
    if (p->is_gone)
        return control_error("the client went away");
    if (p->failed[0])
        return control_error("%s", p->failed);
    json_t *answer = control_error("%s: %zu problem%s", what, p->problems.errors,
                                   p->problems.errors == 1 ? "" : "s");
    json_object_set_new(answer, "problems", preview_texts(&p->problems, false));
    json_object_set_new(answer, "warnings", preview_texts(&p->problems, true));
    return answer;
}
