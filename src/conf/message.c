/* message.c (P) */
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/conf/message.h>

#include "message_text.h"

#define UNTRACKED_MAX 1000
#define URL_MAX 900 /* of a header field: HEADER_URI_MAX */

/* In the order of the enums. */
static const char *const missing_policies[] = {"empty", "skip", NULL};
static const char *const charsets[] = {"utf-8", "euc-kr", "iso-2022-kr", NULL};
static const char *const fallbacks[] = {"utf-8", "replace", NULL};
static const char *const ad_policies[] = {"refuse", "repair", "warn", NULL};
_Static_assert(MISSING_EMPTY == 0 && MISSING_SKIP == 1 && MISSING_POLICIES == 2 && MAIL_UTF8 == 0 &&
                   MAIL_ISO_2022_KR == 2 && MAIL_CHARSETS == 3 && CHARSET_FALLBACK_UTF8 == 0 &&
                   CHARSET_FALLBACKS == 2 && AD_REFUSE == 0 && AD_WARN == 2 && AD_POLICIES == 3,
               "the choices follow the enums");

struct draft {
    struct message_spec m;
    struct conf_strings untracked;
};
struct known {
    struct conf_field field;
    unsigned places;
    const char *(*check)(struct str text);
};

#define AT(field) offsetof(struct draft, m.field)
#define ROOT (1u << MESSAGE_IN_ROOT)
#define CLIENT (1u << MESSAGE_IN_CLIENT)
#define JOB (1u << MESSAGE_IN_JOB)
#define MANIFEST (1u << MESSAGE_IN_MANIFEST)
#define EVERYWHERE (ROOT | CLIENT | JOB | MANIFEST)
#define TEXT(name, least, most, where, check)                                                      \
    {                                                                                              \
        {#name, CONF_T_STRING, AT(name), .min = least, .max = most}, where, check                  \
    }

static const struct known known[] = {
    {{"missing", CONF_T_CHOICE, AT(missing), .choices = missing_policies}, JOB | MANIFEST, NULL},
    {{"mail_charset", CONF_T_CHOICE, AT(charset), .choices = charsets}, JOB, NULL},
    {{"charset", CONF_T_CHOICE, AT(charset), .choices = charsets}, MANIFEST, NULL},
    {{"charset_fallback", CONF_T_CHOICE, AT(charset_fallback), .choices = fallbacks},
     JOB | MANIFEST,
     NULL},
    {{"text_from_html", CONF_T_BOOL, AT(text_from_html), .def = NULL}, JOB | MANIFEST, NULL},
    {{"untracked", CONF_T_STRINGS, offsetof(struct draft, untracked), .def = NULL},
     JOB | MANIFEST,
     NULL},
    TEXT(list_id, 1, 460, EVERYWHERE, message_text_list_id),
    TEXT(unsubscribe_url, 1, URL_MAX, ROOT | CLIENT | JOB, message_text_unsubscribe),
    TEXT(unsubscribe_mailto, 1, URL_MAX, ROOT | CLIENT | JOB, message_text_mailto),
    TEXT(feedback_id, 1, 200, ROOT | CLIENT | JOB, message_text_feedback_id),
    TEXT(cfbl_address, 1, 320, ROOT | CLIENT | JOB, message_text_address),
    {{"auto_submitted", CONF_T_BOOL, AT(is_auto_submitted), .def = NULL}, JOB, NULL},
    {{"advertising", CONF_T_CHOICE, AT(ad_policy), .choices = ad_policies}, ROOT | CLIENT, NULL},
    {{"tracking", CONF_T_BOOL_OR_GROUP, .def = NULL}, ROOT | CLIENT | JOB, NULL},
    TEXT(tracking_url, 1, 200, CLIENT, message_text_server),
    {{"sender", CONF_T_GROUP, .def = NULL}, ROOT | CLIENT | JOB, NULL},
};
#define KNOWN (sizeof known / sizeof *known)

#define SENDER(name, most, check)                                                                  \
    {                                                                                              \
        {#name, CONF_T_STRING, AT(sender.name), .min = 1, .max = most}, EVERYWHERE, check          \
    }
static const struct known sender_known[] = {
    SENDER(name, 200, message_text_plain),
    SENDER(email, 320, message_text_address),
    SENDER(telephone, 100, message_text_telephone),
    SENDER(address, 400, message_text_plain),
};
#define SENDER_KNOWN (sizeof sender_known / sizeof *sender_known)

/* Of what was stored: about the rest there are words already. */
static void check_text(const struct conf_node *group, const char *path, const struct known *k,
                       const struct draft *d, struct problems *p)
{
    const struct conf_node *n = conf_find(group, k->field.name);
    const char *stored = *(char *const *)((const char *)d + k->field.offset), *allowed;
    char own[CONF_PATH];

    if (!n || n->kind != CONF_STRING || !stored || strcmp(stored, n->s) != 0)
        return;
    allowed = k->check(str_of(stored));
    if (!allowed)
        return;
    conf_path(own, path, k->field.name);
    conf_say(p, n, own, "not right (got \"%.80s\", allowed: %s)", stored, allowed);
}

static void check_texts(const struct conf_node *group, const char *path, const struct known *k,
                        size_t count, unsigned place, const struct draft *d, struct problems *p)
{
    for (size_t i = 0; i < count; i++)
        if (k[i].check && (k[i].places & place))
            check_text(group, path, &k[i], d, p);
}

static void read_sender(const struct conf_node *group, const char *path, struct draft *d,
                        struct problems *p)
{
    const struct conf_node *n = conf_find(group, "sender");
    struct conf_field field[SENDER_KNOWN + 1] = {0};
    char own[CONF_PATH];

    if (!n || n->kind != CONF_GROUP)
        return;
    for (size_t i = 0; i < SENDER_KNOWN; i++)
        field[i] = sender_known[i].field;
    conf_path(own, path, "sender");
    conf_read(n, own, field, d, p);
    check_texts(n, own, sender_known, SENDER_KNOWN, EVERYWHERE, d, p);
}

/* What a group does not name is off: `{ opens = true; }` tracks no clicks, whatever the client does. */
static void read_tracking(const struct conf_node *group, const char *path, struct message_spec *m,
                          struct problems *p)
{
    static const struct conf_field fields[] = {
        {"opens", CONF_T_BOOL, offsetof(struct message_spec, tracks_opens), .def = "false"},
        {"clicks", CONF_T_BOOL, offsetof(struct message_spec, tracks_clicks), .def = "false"},
        {0},
    };
    const struct conf_node *n = conf_find(group, "tracking");
    char own[CONF_PATH];

    if (n && n->kind == CONF_BOOL)
        m->tracks_opens = m->tracks_clicks = n->i != 0;
    if (!n || n->kind != CONF_GROUP)
        return;
    conf_path(own, path, "tracking");
    conf_read(n, own, fields, m, p);
}

static void take_untracked(const struct conf_node *group, const char *path, struct draft *d,
                           struct problems *p)
{
    const struct conf_node *n = conf_find(group, "untracked");
    char own[CONF_PATH], item[CONF_PATH];

    if (!n || (n->kind != CONF_LIST && n->kind != CONF_ARRAY))
        return;
    conf_path(own, path, "untracked");
    if (d->untracked.count > UNTRACKED_MAX)
        conf_say(p, n, own, "too long a list (got %zu, allowed: %d)", d->untracked.count,
                 UNTRACKED_MAX);
    for (size_t i = 0; i < d->untracked.count && i < UNTRACKED_MAX; i++) {
        const char *allowed = message_text_web(str_of(d->untracked.item[i]));

        conf_path_index(item, own, i);
        if (allowed)
            conf_say(p, &n->child[i], item, "not right (got \"%.80s\", allowed: %s)",
                     d->untracked.item[i], allowed);
    }
    for (size_t i = 0; i < d->m.untrackeds; i++)
        free(d->m.untracked[i]);
    free(d->m.untracked);
    d->m.untracked = d->untracked.item;
    d->m.untrackeds = d->untracked.count;
}

void message_read(const struct conf_node *group, const char *path, enum message_place place,
                  struct message_spec *m, struct problems *p)
{
    struct conf_field field[KNOWN + 1] = {0};
    struct draft d = {.m = *m};
    size_t fields = 0;

    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].places & 1u << place)
            field[fields++] = known[i].field;
    if (place == MESSAGE_IN_MANIFEST)
        conf_read(group, path, field, &d, p);
    else
        conf_read_part(group, path, field, &d, p);
    check_texts(group, path, known, KNOWN, 1u << place, &d, p);
    if (place != MESSAGE_IN_MANIFEST) {
        read_sender(group, path, &d, p);
        read_tracking(group, path, &d.m, p);
    }
    take_untracked(group, path, &d, p);
    *m = d.m;
}
