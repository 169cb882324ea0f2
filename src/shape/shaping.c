#include <sluice/shape/shaping.h>

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

uint32_t warmup_volume(const struct warmup *w, struct wall now, struct wall *day_start,
                       struct wall *day_end)
{
    int64_t day;

    if (w->start.ms == 0) {
        *day_start = (struct wall){0};
        *day_end = (struct wall){WHEN_NEVER};
        return UINT32_MAX;
    }
    if (now.ms < w->start.ms) {
        *day_start = (struct wall){0};
        *day_end = w->start;
        return 0;
    }
    day = (now.ms - w->start.ms) / DAY_MS;
    if (day >= w->days)
        day = w->days;
    *day_start = (struct wall){w->start.ms + day * DAY_MS};
    *day_end = (struct wall){day == w->days ? WHEN_NEVER : day_start->ms + DAY_MS};
    return day == w->days ? UINT32_MAX : w->volume[day];
}

void shaping_done(struct shaping *s)
{
    profiles_done(&s->profiles);
    for (size_t i = 0; i < s->sources; i++) {
        free(s->source[i].name);
        free(s->source[i].address);
        free(s->source[i].ehlo_name);
    }
    free(s->source);
    for (size_t i = 0; i < s->clients; i++) {
        free(s->client[i].name);
        windows_done(&s->client[i].send_windows);
    }
    free(s->client);
    for (size_t i = 0; i < s->limits; i++)
        free(s->limit[i].name);
    free(s->limit);
    automation_done(&s->rules);
    *s = (struct shaping){0};
}

const struct client *shaping_client(const struct shaping *s, const char *name)
{
    for (size_t i = 0; name && i < s->clients; i++)
        if (strcmp(s->client[i].name, name) == 0)
            return &s->client[i];
    return NULL;
}

const struct profile *shaping_profile(const struct shaping *s, const char *name)
{
    for (size_t i = 0; name && i < s->profiles.count; i++)
        if (strcmp(s->profiles.item[i].name, name) == 0)
            return &s->profiles.item[i];
    return NULL;
}

int shaping_source(const struct shaping *s, const char *name)
{
    for (size_t i = 0; name && i < s->sources; i++)
        if (strcmp(s->source[i].name, name) == 0)
            return (int)i;
    return -1;
}
