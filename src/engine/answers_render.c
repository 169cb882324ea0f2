/* answers_render.c: `sluice render`, and `sluice show JOB ADDRESS --message`: the bytes of one message. */
#include "sample.h"

json_t *answer_render(struct ask *q)
{
    struct sample s;
    struct buf text;
    struct err e = {0};
    if (!sample_take(&s, q))
        return q->failed;
    buf_init(&text, MAILING_MAX_BYTES);
    json_t *answer;
    if (!sample_render(&s, false, &text, &e)) {
        answer = control_error("%s", e.text);
    } else if (!control_data(q->answer, text.data, text.len)) {
        answer = control_error("the client went away");
    } else {
        answer = answer_ok();
        answer_put_text(answer, "job", s.spec->id);
        answer_put_text(answer, "address", s.email);
        answer_put_count(answer, "bytes", text.len);
        sample_put_warnings(&s, answer);
    }
    buf_done(&text);
    sample_done(&s);
    return answer;
}
