/* Where a message's links lead. */
#include "checks.h"

#include <stdlib.h>

#include <sluice/base/utf8.h>

#define DOMAINS_MAX 5

struct links {
    const char *from_domain;
    struct {
        char name[HOST_SIZE];
        unsigned count;
    } other[DOMAINS_MAX];
    size_t others;
    unsigned left_out; /* links to domains beyond those */
    struct spot shortener, plain;
    char short_host[HOST_SIZE];
};

static const char *const shorteners[] = {
    "bit.ly",  "bitly.com", "tinyurl.com", "goo.gl", "t.co",      "ow.ly",  "is.gd",
    "buff.ly", "cutt.ly",   "rb.gy",       "t.ly",   "han.gl",    "me2.do", "vo.la",
    "url.kr",  "buly.kr",   "zrr.kr",      "c11.kr", "abr.ge",    "muz.so", "bre.is",
    "lrl.kr",  "asq.kr",    "shorturl.at", "v.gd",   "rebrand.ly"};

static bool is_shortener(const char *host)
{
    for (size_t i = 0; i < sizeof shorteners / sizeof *shorteners; i++) {
        if (str_is(str_of(host), shorteners[i]))
            return true;
    }
    return false;
}

static void add_domain(struct links *k, const char *organisation)
{
    for (size_t i = 0; i < k->others; i++) {
        if (strcmp(k->other[i].name, organisation) == 0) {
            k->other[i].count++;
            return;
        }
    }
    if (k->others == DOMAINS_MAX) {
        k->left_out++;
        return;
    }
    str_copy(k->other[k->others].name, HOST_SIZE, str_of(organisation));
    k->other[k->others++].count = 1;
}

static void on_link(void *arg, struct str url, unsigned line)
{
    struct links *k = arg;
    char host[HOST_SIZE];

    if (!lint_host(url, host))
        return;
    if (is_shortener(host)) {
        if (!spot_has(&k->shortener))
            memcpy(k->short_host, host, sizeof host);
        spot_hit(&k->shortener, line, url);
    } else if (k->from_domain && !lint_same_organisation(host, k->from_domain)) {
        add_domain(k, lint_organisation(host));
    }
}

/* A message without HTML: the links of its text. */
static void read_text(struct links *k, struct str text)
{
    size_t count, counted = 0;
    unsigned line = 1;
    struct html_place *place = html_text_links(text, &count);

    for (size_t i = 0; i < count; i++) {
        struct str url = str_n(text.p + place[i].from, place[i].to - place[i].from);

        for (; counted < place[i].from; counted++)
            line += text.p[counted] == '\n';
        if (url.n > 7 && str_eq_nocase(str_n(url.p, 7), str_of("http://")))
            spot_hit(&k->plain, line, url);
        on_link(k, url, line);
    }
    free(place);
}

static void say_domains(const struct links *k, struct lint *l)
{
    struct buf list;

    if (k->others == 0)
        return;
    buf_init(&list, 2048);
    for (size_t i = 0; i < k->others; i++)
        buf_printf(&list, "%s%s (%u)", i ? ", " : "", k->other[i].name, k->other[i].count);
    if (k->left_out)
        buf_printf(&list, " and %u more links", k->left_out);
    lint_add(
        l, LINT_NOTE, "link-domain",
        "links lead to other domains than From's, %s: %s; filters judge a mail by the names in "
        "it, so link to your own domain where you can",
        lint_organisation(k->from_domain), list.data);
    buf_done(&list);
}

static void say(const struct links *k, const struct page *p, struct lint *l)
{
    const struct spot *plain = p->plain_link.count ? &p->plain_link : &k->plain;
    char example[SHOWN_SIZE];

    say_domains(k, l);
    if (spot_has(&p->mismatch))
        lint_add(
            l, LINT_WARNING, "link-domain",
            "a link shows %s and leads to %s (line %u): filters and readers take that for "
            "phishing; let the text say what is there (\"see the sale\") instead of an address",
            p->shown_host, p->real_host, p->mismatch.line);
    if (spot_has(plain))
        lint_add(
            l, LINT_WARNING, "link-http",
            "%u links or images with http instead of https, the first in line %u (%s): browsers "
            "warn of such pages; use https",
            plain->count, plain->line, lint_show(example, plain->example));
    if (spot_has(&k->shortener))
        lint_add(
            l, LINT_WARNING, "link-shortener",
            "%u links through a shortener (%s, line %u): spammers hide behind them, so filters "
            "distrust them all; link to the page itself",
            k->shortener.count, k->short_host, k->shortener.line);
    if (spot_has(&p->empty_link))
        lint_add(l, LINT_WARNING, "empty-link",
                 "%u links that lead nowhere, the first in line %u (%s)", p->empty_link.count,
                 p->empty_link.line, lint_show(example, p->empty_link.example));
}

void check_links(const struct lint_message *m, struct page *page, struct lint *l)
{
    struct links k = {.from_domain = m->from_domain};

    if (m->html.n)
        page_read(page, m->html, on_link, &k);
    else
        read_text(&k, m->text);
    say(&k, page, l);
}
