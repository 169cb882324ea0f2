/* names.c: what somebody may have meant by an unknown time zone. */
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/os/file.h>

#include "zone.h"

#define TZDATA_BYTES (1u << 20)

struct nearest {
    struct str wrong, name;
    unsigned distance;
};

static void consider(struct nearest *n, struct str name)
{
    char lower[65], wrong[65];
    unsigned distance;

    str_copy(lower, sizeof lower, name);
    str_lower(lower, strlen(lower));
    str_copy(wrong, sizeof wrong, n->wrong);
    str_lower(wrong, strlen(wrong));
    distance = str_distance(str_of(lower), str_of(wrong));
    if (distance < n->distance) {
        n->distance = distance;
        n->name = name;
    }
    /* "Seoul" means "Asia/Seoul". */
    if (str_ends_nocase(name, wrong) && name.n > n->wrong.n &&
        name.p[name.n - n->wrong.n - 1] == '/' && n->distance > 0) {
        n->distance = 0;
        n->name = name;
    }
}

/* tzdata.zi: "Z Asia/Seoul 8:27:52 - LMT 1908 Ap" and "L Asia/Seoul ROK". */
static void consider_line(struct nearest *n, struct str line)
{
    struct str word[3] = {{0}};

    for (size_t i = 0; i < 3 && str_cut(&line, ' ', &word[i]); i++)
        ;
    if (str_is(word[0], "Z"))
        consider(n, word[1]);
    else if (str_is(word[0], "L"))
        consider(n, word[2]);
}

bool zone_suggest(const char *wrong, char *out, size_t n)
{
    struct nearest nearest = {.wrong = str_of(wrong), .distance = UINT32_MAX};
    struct str rest, line;
    struct buf text;
    struct err e;
    bool is_near;

    buf_init(&text, TZDATA_BYTES);
    if (nearest.wrong.n > 0 && nearest.wrong.n <= 64 &&
        file_read("/usr/share/zoneinfo/tzdata.zi", &text, &e)) {
        rest = str_n(text.data, text.len);
        while (str_cut(&rest, '\n', &line))
            consider_line(&nearest, line);
    }
    is_near = nearest.distance <= 1 + nearest.wrong.n / 4;
    if (is_near)
        str_copy(out, n, nearest.name);
    buf_done(&text);
    /* The list may know names that are not installed. */
    return is_near && zone_get(out) != NULL;
}
