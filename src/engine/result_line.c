/* result_line.c: a recipient's result as the spool reads it, as the report writes it. */
#include <sluice/report/results.h>
#include "engine.h"

void result_line_of(struct result_line *out, const struct result_row *r)
{
    *out = (struct result_line){.email = r->email,
                                .enhanced = r->enhanced,
                                .text = r->text,
                                .provider = r->provider,
                                .mx_host = r->mx_host,
                                .message_id = r->message_id,
                                .rule = r->rule,
                                .state = r->state,
                                .category = r->category,
                                .code = r->code,
                                .attempts = r->attempts,
                                .at = r->at,
                                .due = r->due,
                                .line = r->line};
}
