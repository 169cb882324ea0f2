#include "paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>

#define PATH_BYTES 8192

char *path_folder(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *dir = slash ? mem_strn(file, slash == file ? 1 : (size_t)(slash - file)) : mem_str(".");
    char *real = realpath(dir, NULL);

    if (!real)
        return dir; /* it does not exist: whoever opens the file says so */
    free(dir);
    return real;
}

char *path_absolute(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *dir = path_folder(file);
    char *whole = *dir == '/' ? path_from(dir, slash ? slash + 1 : file) : mem_str(file);

    free(dir);
    return whole;
}

char *path_from(const char *dir, const char *path)
{
    char *whole = *path == '/' ? mem_str(path) : mem_printf("%s/%s", dir, path);
    struct str rest = str_of(whole), part;
    struct buf out;

    buf_init(&out, PATH_BYTES);
    while (str_cut(&rest, '/', &part)) {
        if (part.n == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            while (out.len && out.data[out.len - 1] != '/')
                buf_cut(&out, out.len - 1);
            if (out.len)
                buf_cut(&out, out.len - 1);
            continue;
        }
        buf_putc(&out, '/');
        buf_put(&out, part.p, part.n);
    }
    if (out.len == 0)
        buf_putc(&out, '/');
    free(whole);
    return buf_take(&out);
}
