/* check.c: see check.h. */
#include <errno.h>
#include <stdlib.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include "check.h"
#include "commands.h"

#define EXAMPLES 5
#define COLUMNS 16

struct wanted {
    unsigned low, high; /* how often accepted */
    unsigned got;
    unsigned code, got_code; /* 0: any */
    bool is_listed;
};
enum fault { MISSING, DUPLICATE, UNEXPECTED, WRONG_CODE, FAULTS };
struct result {
    struct map wanted;
    uint64_t count[FAULTS], listed, accepted, in_doubt;
    char *example[FAULTS][EXAMPLES];
};

static struct wanted *entry(struct result *r, struct str address)
{
    char key[512];
    str_copy(key, sizeof key, address);
    char *at = strrchr(key, '@');
    if (at)
        str_lower(at, strlen(at));
    struct wanted *w = map_get(&r->wanted, str_of(key));
    if (!w) {
        w = mem_array(1, sizeof *w);
        (void)map_set(&r->wanted, str_of(key), w);
    }
    return w;
}

/* Splits at tabs, or at commas outside quotes; cells are unquoted in place. */
static size_t split(char *line, char *cell[COLUMNS])
{
    char at = strchr(line, '\t') ? '\t' : ',';
    size_t n = 0;
    line[strcspn(line, "\r\n")] = '\0';
    while (n < COLUMNS) {
        char *to = line;
        bool quoted = at == ',' && *line == '"';
        char *p = line + (quoted ? 1 : 0);
        cell[n++] = line;
        for (; *p && (quoted || *p != at); p++) {
            if (quoted && *p == '"') {
                if (p[1] != '"') {
                    quoted = false;
                    continue;
                }
                p++;
            }
            *to++ = *p;
        }
        bool more = *p != '\0';
        *to = '\0';
        if (!more)
            break;
        line = p + 1;
    }
    return n;
}

struct columns {
    int state, code, accepted;
};

static bool find_columns(char *cell[COLUMNS], size_t n, struct columns *c)
{
    *c = (struct columns){-1, -1, -1};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(cell[i], "state") == 0)
            c->state = (int)i;
        if (strcmp(cell[i], "code") == 0)
            c->code = (int)i;
        if (strcmp(cell[i], "accepted") == 0)
            c->accepted = (int)i;
    }
    return strchr(cell[0], '@') == NULL;
}

static void take_expected(struct result *r, char *cell[COLUMNS], size_t n, const struct columns *c)
{
    struct wanted *w = entry(r, str_of(cell[0]));
    unsigned low = 1, high = 1;
    if (c->accepted >= 0 && (size_t)c->accepted < n) {
        const char *dash = strchr(cell[c->accepted], '-');
        low = (unsigned)atoi(cell[c->accepted]);
        high = dash ? (unsigned)atoi(dash + 1) : low;
    } else if (c->state >= 0 && (size_t)c->state < n) {
        bool doubt = strcmp(cell[c->state], "in-doubt") == 0;
        low = strcmp(cell[c->state], "delivered") == 0 ? 1 : 0;
        high = doubt ? 2 : low;
    }
    w->is_listed = true;
    w->low += low;
    w->high += high;
    if (low == 0 && c->code >= 0 && (size_t)c->code < n)
        w->code = (unsigned)atoi(cell[c->code]);
    r->listed++;
    r->in_doubt += low != high;
}

static bool read_expected(struct result *r, const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    struct columns c = {-1, -1, -1};
    bool first = true;
    if (!f) {
        (void)fprintf(stderr, "sluice-lab: %s: %s\n", path, strerror(errno));
        return false;
    }
    while (getline(&line, &cap, f) > 0) {
        char *cell[COLUMNS];
        char *text = line;
        if (first && strncmp(text, "\xef\xbb\xbf", 3) == 0)
            text += 3;
        size_t n = split(text, cell);
        bool is_header = first && find_columns(cell, n, &c);
        first = false;
        if (!is_header && cell[0][0])
            take_expected(r, cell, n, &c);
    }
    free(line);
    (void)fclose(f);
    return true;
}

static void read_dump(struct result *r, FILE *dump)
{
    char *line = NULL;
    size_t cap = 0;
    bool first = true;
    while (getline(&line, &cap, dump) > 0) {
        char *cell[COLUMNS];
        size_t n = split(line, cell);
        if (!first && n >= 4) {
            struct wanted *w = entry(r, str_of(cell[0]));
            w->got = (unsigned)atoi(cell[2]);
            w->got_code = (unsigned)atoi(cell[3]);
            r->accepted += w->got;
        }
        first = false;
    }
    free(line);
}

static void fault(struct result *r, enum fault f, const struct map_entry *m)
{
    const struct wanted *w = m->value;
    if (r->count[f] < EXAMPLES) {
        char *text = f == WRONG_CODE
                         ? mem_printf("%s (got %u, expected %u)", m->key, w->got_code, w->code)
                         : mem_printf("%s (accepted %u, expected %u)", m->key, w->got, w->low);
        r->example[f][r->count[f]] = text;
    }
    r->count[f]++;
}

static void compare(struct result *r)
{
    const struct map_entry *m;
    size_t i = 0;
    while ((m = map_next(&r->wanted, &i))) {
        const struct wanted *w = m->value;
        if (w->got < w->low)
            fault(r, MISSING, m);
        if (w->got > w->high)
            fault(r, w->high ? DUPLICATE : UNEXPECTED, m);
        if (w->got == 0 && w->code && w->got_code != w->code)
            fault(r, WRONG_CODE, m);
    }
}

static int report(const struct result *r)
{
    static const char *const names[FAULTS] = {"missing", "duplicate", "unexpected", "wrong code"};
    uint64_t all = 0;
    for (int f = 0; f < FAULTS; f++) {
        (void)printf("%s%s %llu", f ? ", " : "", names[f], (unsigned long long)r->count[f]);
        all += r->count[f];
    }
    (void)printf(" (%llu listed, %llu accepted, %llu may be either)\n",
                 (unsigned long long)r->listed, (unsigned long long)r->accepted,
                 (unsigned long long)r->in_doubt);
    for (int f = 0; f < FAULTS; f++)
        for (uint64_t i = 0; i < EXAMPLES && i < r->count[f]; i++)
            (void)printf("  %s: %s\n", names[f], r->example[f][i]);
    return all ? 1 : 0;
}

int check_against(FILE *dump, const char *expected_path)
{
    struct result r = {.listed = 0};
    const struct map_entry *m;
    size_t i = 0;
    map_init(&r.wanted);
    int status = 2;
    if (read_expected(&r, expected_path)) {
        read_dump(&r, dump);
        compare(&r);
        status = report(&r);
    }
    while ((m = map_next(&r.wanted, &i)))
        free(m->value);
    map_done(&r.wanted);
    for (int f = 0; f < FAULTS; f++)
        for (int k = 0; k < EXAMPLES; k++)
            free(r.example[f][k]);
    return status;
}

int command_check(int argc, char **argv)
{
    FILE *dump = argc == 2 ? fopen(argv[0], "r") : NULL;
    if (!dump) {
        (void)fprintf(stderr, "sluice-lab check DUMP.tsv EXPECTED.csv%s%s\n", argc == 2 ? ": " : "",
                      argc == 2 ? strerror(errno) : "");
        return 2;
    }
    int status = check_against(dump, argv[1]);
    (void)fclose(dump);
    return status;
}
