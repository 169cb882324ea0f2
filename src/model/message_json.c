/* message_json.c: what a message is made with, in a job's snapshot. (P) */
#include "job_json.h"

#include <sluice/base/must.h>

#include "message_texts.h"

#define UNTRACKED_MAX 10000

static void put_untracked(json_t *o, const struct message_spec *m)
{
    json_t *list = json_array();

    for (size_t i = 0; i < m->untrackeds; i++)
        MUST(json_array_append_new(list, json_string(m->untracked[i])) == 0);
    job_json_put(o, "untracked", list);
}

void job_message_put(json_t *o, const struct message_spec *m)
{
    json_t *g = json_object();

    job_json_put(o, "message", g);
    job_json_put(g, "missing", json_string(missing_policy_name(m->missing)));
    job_json_put(g, "charset", json_string(mail_charset_name(m->charset)));
    job_json_put(g, "charset_fallback", json_string(charset_fallback_name(m->charset_fallback)));
    job_json_put(g, "advertising", json_string(ad_policy_name(m->ad_policy)));
    job_json_put(g, "text_from_html", json_boolean(m->text_from_html));
    job_json_put(g, "auto_submitted", json_boolean(m->is_auto_submitted));
    job_json_put(g, "tracks_opens", json_boolean(m->tracks_opens));
    job_json_put(g, "tracks_clicks", json_boolean(m->tracks_clicks));
    for (size_t i = 0; i < MESSAGE_TEXTS; i++) {
        const char *text = *message_text_at(m, i);

        if (text)
            job_json_put(g, message_texts[i].name, json_string(text));
    }
    if (m->untrackeds)
        put_untracked(g, m);
}

static struct str text_of(const json_t *g, const char *key)
{
    return str_of(json_string_value(json_object_get(g, key)));
}

static bool read_kinds(const json_t *g, struct message_spec *m, struct err *e)
{
    const char *bad =
        !missing_policy_from_name(text_of(g, "missing"), &m->missing) ? "missing"
        : !mail_charset_from_name(text_of(g, "charset"), &m->charset) ? "charset"
        : !charset_fallback_from_name(text_of(g, "charset_fallback"), &m->charset_fallback)
            ? "charset_fallback"
        : !ad_policy_from_name(text_of(g, "advertising"), &m->ad_policy) ? "advertising"
                                                                         : NULL;

    return !bad || err_set(e, "job snapshot: \"message.%s\" is missing or unknown", bad);
}

static bool read_switches(const json_t *g, struct message_spec *m, struct err *e)
{
    const struct {
        const char *name;
        bool *to;
    } fields[] = {
        {"text_from_html", &m->text_from_html},
        {"auto_submitted", &m->is_auto_submitted},
        {"tracks_opens", &m->tracks_opens},
        {"tracks_clicks", &m->tracks_clicks},
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const json_t *v = json_object_get(g, fields[i].name);

        if (!json_is_boolean(v))
            return err_set(e, "job snapshot: \"message.%s\" is missing", fields[i].name);
        *fields[i].to = json_is_true(v);
    }
    return true;
}

static bool read_texts(const json_t *g, struct message_spec *m, struct err *e)
{
    for (size_t i = 0; i < MESSAGE_TEXTS; i++) {
        const json_t *v = json_object_get(g, message_texts[i].name);

        if (v && !json_is_string(v))
            return err_set(e, "job snapshot: \"message.%s\" is no text", message_texts[i].name);
        *message_text_at(m, i) = mem_str(json_string_value(v));
    }
    return true;
}

static bool read_untracked(const json_t *g, struct message_spec *m, struct err *e)
{
    const json_t *list = json_object_get(g, "untracked");

    if (!list)
        return true;
    if (!json_is_array(list) || json_array_size(list) > UNTRACKED_MAX)
        return err_set(e, "job snapshot: \"message.untracked\" is no list");
    m->untracked = mem_array(json_array_size(list), sizeof *m->untracked);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text)
            return err_set(e, "job snapshot: \"message.untracked\" has something that is no text");
        m->untracked[m->untrackeds++] = mem_str(text);
    }
    return true;
}

bool job_message_read(const json_t *o, struct message_spec *m, struct err *e)
{
    const json_t *g = json_object_get(o, "message");

    if (!g) {
        m->ad_policy = AD_WARN;
        return true;
    }
    if (!json_is_object(g))
        return err_set(e, "job snapshot: \"message\" is no group");
    return read_kinds(g, m, e) && read_switches(g, m, e) && read_texts(g, m, e) &&
           read_untracked(g, m, e);
}
