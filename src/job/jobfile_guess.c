/* jobfile_guess.c: what a job file that cannot be read seems to belong to. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

#include "jobfile_private.h"
#include "recipients_private.h"

/* Behind `recipients` [=:] "; only a guess, so no more than this. */
static char *guess_in(const char *text)
{
    const char *s = strstr(text, "recipients"), *end;

    if (!s)
        return NULL;
    s += strlen("recipients");
    s += strspn(s, " \t\r\n");
    if (*s != '=' && *s != ':')
        return NULL;
    s++;
    s += strspn(s, " \t\r\n");
    end = *s == '"' ? strpbrk(s + 1, "\"\r\n") : NULL;
    return end ? mem_strn(s + 1, (size_t)(end - s - 1)) : NULL;
}

char *jobfile_guess_recipients(const char *path, size_t max_bytes)
{
    struct buf text;
    char *name = NULL;

    buf_init(&text, max_bytes);
    if (file_read(path, &text, NULL))
        name = guess_in(text.data);
    buf_done(&text);
    if (name && file_name_is_safe(name, NULL) && recipients_name_is_known(name))
        return name;
    free(name);
    return NULL;
}
