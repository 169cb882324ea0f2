/* job.c: a job as a value, and its snapshot in the spool.
 *
 * The snapshot is read by this program only, but perhaps by a later version of it and perhaps from
 * a damaged file: so it is versioned, and every field is checked for its type. A new field is
 * optional in the parser (older snapshots lack it); a changed meaning raises the version.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/model/job.h>

#include "job_json.h"

#define SNAPSHOT_VERSION 1

struct text_field {
    const char *name;
    size_t at;
    bool is_required;
};
static const struct text_field text_fields[] = {
    {"id", offsetof(struct job_spec, id), true},
    {"client", offsetof(struct job_spec, client), true},
    {"from_name", offsetof(struct job_spec, from_name), false},
    {"from_address", offsetof(struct job_spec, from_address), true},
    {"reply_to", offsetof(struct job_spec, reply_to), false},
    {"envelope_domain", offsetof(struct job_spec, envelope_domain), false},
    {"subject", offsetof(struct job_spec, subject), false},
    {"template", offsetof(struct job_spec, template_name), false},
    {"list", offsetof(struct job_spec, list), false},
    {"recipients", offsetof(struct job_spec, recipients), false},
    {"from_list", offsetof(struct job_spec, from_list), false},
    {"charset", offsetof(struct job_spec, charset), false},
    {"token", offsetof(struct job_spec, token), false},
    {"test_of", offsetof(struct job_spec, test_of), false},
    {"variables", offsetof(struct job_spec, variables), true},
};
#define TEXT_FIELDS (sizeof text_fields / sizeof *text_fields)

static char **text_at(const struct job_spec *s, const struct text_field *f)
{
    return (char **)((char *)(uintptr_t)s + f->at);
}

void job_spec_free(struct job_spec *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < TEXT_FIELDS; i++)
        free(*text_at(s, &text_fields[i]));
    windows_done(&s->send_windows);
    message_spec_done(&s->message);
    free(s);
}

static int to_buf(const char *data, size_t n, void *out)
{
    buf_put(out, data, n);
    return 0;
}

void job_spec_format(const struct job_spec *s, struct buf *out)
{
    json_t *o = json_object();

    MUST(o);
    job_json_put(o, "version", json_integer(SNAPSHOT_VERSION));
    for (size_t i = 0; i < TEXT_FIELDS; i++) {
        const char *text = *text_at(s, &text_fields[i]);

        if (text)
            job_json_put(o, text_fields[i].name, json_string(text));
    }
    job_json_put(o, "class", json_string(msg_class_name(s->msg_class)));
    job_json_put(o, "priority", json_string(priority_name(s->priority)));
    job_json_put(o, "in_doubt", json_string(in_doubt_policy_name(s->in_doubt)));
    job_json_put(o, "standing", json_boolean(s->is_standing));
    job_json_put(o, "start", json_integer(s->start.ms));
    job_json_put(o, "finish_by", json_integer(s->finish_by.ms));
    job_json_put(o, "expires_ms", json_integer(s->expires_ms));
    /* JSON integers are signed here: a count above INT64_MAX travels as its two's complement */
    job_json_put(o, "max_bad_rows", json_integer((json_int_t)s->max_bad_rows));
    job_json_put(o, "connection_limit", json_integer(s->connection_limit));
    job_rates_put(o, "max_message_rate", &s->max_message_rate);
    job_windows_put(o, &s->send_windows);
    job_message_put(o, &s->message);
    job_json_put(o, "needs_approval", json_boolean(s->needs_approval));
    MUST(json_dump_callback(o, to_buf, out, JSON_COMPACT) == 0);
    json_decref(o);
}

static bool read_texts(const json_t *o, struct job_spec *s, struct err *e)
{
    for (size_t i = 0; i < TEXT_FIELDS; i++) {
        const struct text_field *f = &text_fields[i];
        const json_t *v = json_object_get(o, f->name);

        if (!v && !f->is_required)
            continue;
        if (!json_is_string(v))
            return err_set(e, "job snapshot: \"%s\" is missing or no text", f->name);
        *text_at(s, f) = mem_str(json_string_value(v));
    }
    return true;
}

static struct str text_of(const json_t *o, const char *key)
{
    return str_of(json_string_value(json_object_get(o, key)));
}

static bool read_kinds(const json_t *o, struct job_spec *s, struct err *e)
{
    const json_t *standing = json_object_get(o, "standing");

    if (!msg_class_from_name(text_of(o, "class"), &s->msg_class))
        return err_set(e, "job snapshot: \"class\" is missing or unknown");
    if (!priority_from_name(text_of(o, "priority"), &s->priority))
        return err_set(e, "job snapshot: \"priority\" is missing or unknown");
    if (!in_doubt_policy_from_name(text_of(o, "in_doubt"), &s->in_doubt))
        return err_set(e, "job snapshot: \"in_doubt\" is missing or unknown");
    if (!json_is_boolean(standing))
        return err_set(e, "job snapshot: \"standing\" is missing");
    s->is_standing = json_is_true(standing);
    return true;
}

static bool read_numbers(const json_t *o, struct job_spec *s, struct err *e)
{
    const struct {
        const char *name;
        int64_t *to;
    } fields[] = {
        {"start", &s->start.ms},
        {"finish_by", &s->finish_by.ms},
        {"expires_ms", &s->expires_ms},
        {"max_bad_rows", (int64_t *)&s->max_bad_rows},
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const json_t *v = json_object_get(o, fields[i].name);

        if (!json_is_integer(v))
            return err_set(e, "job snapshot: \"%s\" is missing or no number", fields[i].name);
        *fields[i].to = (int64_t)json_integer_value(v);
    }
    return true;
}

/* Snapshots made by versions that did not shape jobs lack all of it. */
static bool read_shaping(const json_t *o, struct job_spec *s, struct err *e)
{
    const json_t *limit = json_object_get(o, "connection_limit");

    if (limit && (!json_is_integer(limit) || json_integer_value(limit) < 0))
        return err_set(e, "job snapshot: \"connection_limit\" is no number of connections");
    s->connection_limit = limit ? (int64_t)json_integer_value(limit) : 0;
    return job_rates_read(o, "max_message_rate", &s->max_message_rate, e) &&
           job_windows_read(o, &s->send_windows, e);
}

static bool read_approval(const json_t *o, struct job_spec *s, struct err *e)
{
    const json_t *v = json_object_get(o, "needs_approval");

    if (v && !json_is_boolean(v))
        return err_set(e, "job snapshot: \"needs_approval\" is neither true nor false");
    s->needs_approval = json_is_true(v);
    return true;
}

/* The id names directories: what the job room checked once is not taken on trust from a file. */
static bool is_id(const char *id)
{
    size_t n = strlen(id);

    return n >= 1 && n <= 64 &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

/* It stands in message ids and boundaries. */
static bool is_token(const char *token)
{
    return !token || (strlen(token) == 16 && strspn(token, "0123456789abcdef") == 16);
}

struct job_spec *job_spec_parse(struct str text, struct err *e)
{
    struct job_spec *s = NULL;
    json_error_t at;
    json_t *o = json_loadb(text.p ? text.p : "", text.n, 0, &at);
    const json_t *version = json_object_get(o, "version");

    if (!o) {
        err_set(e, "job snapshot: %s at byte %d", at.text, at.position);
        return NULL;
    }
    if (!json_is_integer(version)) {
        err_set(e, "job snapshot: \"version\" is missing");
        goto done;
    }
    if (json_integer_value(version) != SNAPSHOT_VERSION) {
        err_set(e, "job snapshot: version %lld is not known here (this program knows %d)",
                (long long)json_integer_value(version), SNAPSHOT_VERSION);
        goto done;
    }
    s = mem_array(1, sizeof *s);
    if (!read_texts(o, s, e) || !read_kinds(o, s, e) || !read_numbers(o, s, e) ||
        !read_shaping(o, s, e) || !job_message_read(o, &s->message, e) || !read_approval(o, s, e) ||
        (!is_id(s->id) && !err_set(e, "job snapshot: the id is not a job id")) ||
        (s->test_of && !is_id(s->test_of) &&
         !err_set(e, "job snapshot: \"test_of\" is not a job id")) ||
        (!is_token(s->token) && !err_set(e, "job snapshot: the token is not 16 hex digits"))) {
        job_spec_free(s);
        s = NULL;
    }
done:
    json_decref(o);
    return s;
}

void part_files_done(struct part_files *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->item[i].name);
        free(p->item[i].text);
    }
    free(p->item);
    *p = (struct part_files){0};
}

const struct part_file *part_files_find(const struct part_files *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->item[i].name, name) == 0)
            return &p->item[i];
    return NULL;
}
