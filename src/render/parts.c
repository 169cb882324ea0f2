/* From the files of a folder and the fields of a job to compiled templates. */
#include "making.h"

#include <sluice/base/must.h>
#include <sluice/html/html.h>

#include <stdlib.h>

#define SUBJECT_SOURCE_MAX (64u * 1024)

static const struct {
    const char *file; /* NULL: of the job only */
    const char *shown;
} about[PARTS] = {
    [PART_SUBJECT] = {"subject.txt", "subject.txt"},
    [PART_TO] = {"to.txt", "to.txt"},
    [PART_UNSUBSCRIBE_URL] = {NULL, "unsubscribe_url"},
    [PART_UNSUBSCRIBE_MAILTO] = {NULL, "unsubscribe_mailto"},
    [PART_FEEDBACK_ID] = {NULL, "feedback_id"},
    [PART_PREHEADER] = {"preheader.txt", "preheader.txt"},
    [PART_TEXT_FOOTER] = {NULL, "footer"},
    [PART_HTML_FOOTER] = {NULL, "footer"},
    [PART_TEXT] = {"text.txt", "text.txt"},
    [PART_HTML] = {"html.html", "html.html"},
};

/* One template being compiled. */
struct source_of {
    struct making *k;
    enum part_kind kind;
    bool is_derived;   /* text from HTML: so are its partials */
    bool is_surveying; /* note which partials it uses */
};

const char *making_file_name(struct making *k, const char *name)
{
    char *found = map_get(&k->file_names, str_of(name));

    if (!found) {
        const char *folder = k->m->spec->template_name;

        found = folder ? mem_printf("%s/%s", folder, name) : mem_str(name);
        map_set(&k->file_names, str_of(name), found);
    }
    return found;
}

bool making_has_derived_text(const struct making *k)
{
    return k->m->spec->message.text_from_html && !part_files_find(k->files, "text.txt") &&
           part_files_find(k->files, "html.html");
}

/* ---- partials */

static struct str derived_text(struct making *k, const struct part_file *f)
{
    char *found = map_get(&k->derived, str_of(f->name));
    struct buf text;

    if (!found) {
        buf_init(&text, TEMPLATE_MAX_BYTES);
        html_to_text(str_n(f->text, f->n), &text);
        found = buf_take(&text);
        map_set(&k->derived, str_of(f->name), found);
    }
    return str_of(found);
}

static bool find_partial(void *context, struct str name, struct str *text, const char **file)
{
    struct source_of *s = context;
    char *full = mem_printf("%.*s.mustache", (int)name.n, name.p);
    const struct part_file *found = part_files_find(s->k->files, full);

    if (found) {
        *text = s->is_derived ? derived_text(s->k, found) : str_n(found->text, found->n);
        *file = making_file_name(s->k, full);
        if (s->is_surveying)
            map_set(&s->k->html_partials, str_of(full), s->k);
    }
    free(full);
    return found != NULL;
}

static bool name_partial(void *context, size_t i, struct str *name)
{
    const struct part_files *files = ((struct source_of *)context)->k->files;

    for (size_t at = 0; at < files->count; at++) {
        struct str full = str_of(files->item[at].name);

        if (!str_ends_nocase(full, ".mustache") || i-- > 0)
            continue;
        *name = str_n(full.p, full.n - strlen(".mustache"));
        return true;
    }
    return false;
}

static void find_marks(void *context, struct str text, bool is_main, struct mark **mark,
                       size_t *count)
{
    const struct source_of *s = context;

    if (s->kind == PART_HTML)
        *mark = marks_of_html(s->k, text, is_main, count);
    else if (s->kind == PART_TEXT)
        *mark = marks_of_text(s->k, text, is_main, count);
    else if (s->kind == PART_PREHEADER)
        *mark = marks_of_preheader(text, count);
    else
        *mark = marks_of_url(text, count);
}

/* ---- templates */

static bool is_html(enum part_kind kind)
{
    return kind == PART_HTML || kind == PART_PREHEADER || kind == PART_HTML_FOOTER;
}

static bool is_one_line(enum part_kind kind)
{
    return kind < PART_PREHEADER;
}

static struct template *compile(struct source_of *s, const char *file, struct str text,
                                struct names *names, struct problems *problems)
{
    bool is_marked = part_is_body(s->kind) || s->kind == PART_PREHEADER ||
                     s->kind == PART_UNSUBSCRIBE_URL || s->kind == PART_UNSUBSCRIBE_MAILTO;
    struct template_source source = {
        .file = file,
        .text = text,
        .escape_html = is_html(s->kind),
        .keep_line_ends = is_one_line(s->kind),
        .partial = find_partial,
        .partial_name = name_partial,
        .marks = is_marked && !s->is_surveying ? find_marks : NULL,
        .context = s,
    };

    return template_new(&source, names, problems);
}

static void compile_part(struct making *k, enum part_kind kind, const char *file, struct str text,
                         bool is_derived)
{
    struct source_of s = {.k = k, .kind = kind, .is_derived = is_derived};

    k->m->part[kind].shown = about[kind].shown;
    k->m->part[kind].template = compile(&s, file, text, &k->m->names, k->problems);
}

void part_compile_text(struct making *k, enum part_kind kind, const char *shown, const char *text)
{
    compile_part(k, kind, shown, str_of(text), false);
}

static bool compile_file(struct making *k, enum part_kind kind)
{
    const struct part_file *f = part_files_find(k->files, about[kind].file);

    if (f)
        compile_part(k, kind, making_file_name(k, f->name), str_n(f->text, f->n), false);
    return f != NULL;
}

/* ---- before: what the HTML is made of */

static void note_untracked(struct making *k, struct str value)
{
    struct buf url;

    buf_init(&url, TEMPLATE_MAX_BYTES);
    html_unescape(value, &url);
    map_set(&k->untracked, str_n(url.data, url.len), k);
    buf_done(&url);
}

static void survey_file(struct making *k, const struct part_file *f, bool is_main)
{
    size_t count;
    struct html_place *place = html_places(str_n(f->text, f->n), &count);

    for (size_t i = 0; i < count; i++) {
        struct str value = str_n(f->text + place[i].from, place[i].to - place[i].from);

        if (place[i].kind == HTML_BODY)
            *(is_main ? &k->has_body : &k->has_body_in_partial) = true;
        if (place[i].kind == HTML_BODY_END)
            *(is_main ? &k->has_body_end : &k->has_body_end_in_partial) = true;
        if (place[i].kind == HTML_LINK && place[i].is_untracked)
            note_untracked(k, value);
    }
    free(place);
    images_note(k, f);
    if (k->is_new)
        unprotected_warn(k, f);
}

/* The HTML is compiled twice: only then is known which partials it uses, and some of what is put
 * into it depends on what stands in those. */
void parts_survey(struct making *k)
{
    const struct part_file *html = part_files_find(k->files, "html.html");
    struct source_of s = {.k = k, .kind = PART_HTML, .is_surveying = true};
    const struct map_entry *used;
    struct problems dropped;
    struct names names;

    if (!html)
        return;
    problems_init(&dropped);
    names_init(&names);
    template_free(compile(&s, "html.html", str_n(html->text, html->n), &names, &dropped));
    names_done(&names);
    problems_done(&dropped);
    survey_file(k, html, true);
    for (size_t i = 0; (used = map_next(&k->html_partials, &i));)
        survey_file(k, part_files_find(k->files, used->key), false);
}

/* ---- all of them */

static void compile_derived_text(struct making *k)
{
    const struct part_file *html = part_files_find(k->files, "html.html");

    compile_part(k, PART_TEXT, making_file_name(k, "html.html (as text)"), derived_text(k, html),
                 true);
}

void parts_compile_bodies(struct making *k)
{
    const char *folder = k->m->spec->template_name;
    bool has_html = compile_file(k, PART_HTML);
    bool has_text = compile_file(k, PART_TEXT);

    if (!has_text && k->m->part[PART_HTML].template && making_has_derived_text(k))
        compile_derived_text(k);
    if (!has_text && !has_html)
        problems_add(k->problems, folder, 0, "no body: neither text.txt nor html.html");
    if (has_html)
        compile_file(k, PART_PREHEADER);
    else if (part_files_find(k->files, "preheader.txt"))
        problems_warn(k->problems, making_file_name(k, "preheader.txt"), 0,
                      "not used: only an HTML part can hold it");
    if (k->m->part[PART_HTML].template)
        k->m->part[PART_TEXT].first_link = template_links(k->m->part[PART_HTML].template);
}

/* The subject of the job goes before the folder's. */
static void compile_subject(struct making *k)
{
    const struct part_file *f = part_files_find(k->files, "subject.txt");
    const char *subject = k->m->spec->subject;
    const char *folder = k->m->spec->template_name;
    struct buf text;

    buf_init(&text, TEMPLATE_MAX_BYTES + SUBJECT_SOURCE_MAX);
    if (subject)
        buf_puts(&text, subject);
    else if (f)
        buf_put(&text, f->text, f->n);
    else
        problems_add(k->problems, folder, 0, "no subject: neither in the job nor as subject.txt");
    if (subject || f) {
        const char *file = subject ? "subject" : making_file_name(k, f->name);

        advertising_subject(k, &text, file);
        compile_part(k, PART_SUBJECT, file, str_n(text.data, text.len), false);
    }
    buf_done(&text);
}

static void compile_field(struct making *k, enum part_kind kind, const char *text)
{
    if (text)
        compile_part(k, kind, about[kind].shown, str_of(text), false);
}

void parts_compile_fields(struct making *k)
{
    const struct message_spec *message = &k->m->spec->message;
    const char *mailto = message->unsubscribe_mailto;
    char *uri = NULL;

    compile_subject(k);
    compile_file(k, PART_TO);
    compile_field(k, PART_UNSUBSCRIBE_URL, message->unsubscribe_url);
    if (mailto)
        uri = mem_printf("mailto:%s", str_starts(str_of(mailto), "mailto:") ? mailto + 7 : mailto);
    compile_field(k, PART_UNSUBSCRIBE_MAILTO, uri);
    compile_field(k, PART_FEEDBACK_ID, message->feedback_id);
    free(uri);
}

static void free_values(struct map *m)
{
    const struct map_entry *entry;

    for (size_t i = 0; (entry = map_next(m, &i));)
        free(entry->value);
    map_done(m);
}

void parts_done(struct making *k)
{
    free_values(&k->file_names);
    free_values(&k->derived);
    map_done(&k->html_partials);
    map_done(&k->untracked);
    carried_done(k);
}
