/* ctl.c: the client of the control channel. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "check.h"
#include "commands.h"

static int dial(const char *where)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool is_path = strchr(where, '/') != NULL;
    const char *colon = strrchr(where, ':');
    int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (is_path)
        str_copy(un.sun_path, sizeof un.sun_path, str_of(where));
    else
        in.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : where));
    int bad = is_path ? connect(fd, (struct sockaddr *)&un, sizeof un)
                      : connect(fd, (struct sockaddr *)&in, sizeof in);
    if (bad == 0)
        return fd;
    (void)fprintf(stderr, "sluice-lab: %s: %s\n", where, strerror(errno));
    close(fd);
    return -1;
}

/* Sends the command and reads the first line; the rest can be read from the result. */
static FILE *ask(const char *where, const char *command)
{
    char line[1024] = "";
    int fd = dial(where);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r+");
    if (!f)
        return NULL;
    if (dprintf(fd, "%s\n", command) < 0 || !fgets(line, sizeof line, f)) {
        (void)fprintf(stderr, "sluice-lab: %s: no answer\n", where);
    } else if (strcmp(line, "ok\n") == 0) {
        return f;
    } else {
        (void)fprintf(stderr, "sluice-lab: %s", line);
    }
    (void)fclose(f);
    return NULL;
}

static bool copy(FILE *from, FILE *to)
{
    char block[65536];
    size_t n;
    while ((n = fread(block, 1, sizeof block, from)) > 0)
        (void)fwrite(block, 1, n, to);
    return fflush(to) == 0 && !ferror(from) && !ferror(to);
}

static int to_file(FILE *from, const char *path)
{
    FILE *to = fopen(path, "w");
    bool ok = to && copy(from, to);
    if (to)
        ok = fclose(to) == 0 && ok;
    if (!ok)
        (void)fprintf(stderr, "sluice-lab: %s: %s\n", path, strerror(errno));
    return ok ? 0 : 1;
}

static int ctl_check(const char *where, const char *expected)
{
    FILE *dump = ask(where, "dump");
    if (!dump)
        return 2;
    int status = check_against(dump, expected);
    (void)fclose(dump);
    return status;
}

int command_ctl(int argc, char **argv)
{
    char line[4000] = "";
    size_t used = 0;
    if (argc < 2) {
        (void)fputs("sluice-lab ctl SOCKET COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "check") == 0 && argc == 3)
        return ctl_check(argv[0], argv[2]);
    bool has_file = argc == 3 && (strcmp(argv[1], "dump") == 0 || strcmp(argv[1], "dns") == 0);
    for (int i = 1; i < (has_file ? 2 : argc); i++) {
        int n = snprintf(line + used, sizeof line - used, "%s%s", i > 1 ? " " : "", argv[i]);
        if (n < 0 || (size_t)n >= sizeof line - used)
            return 2;
        used += (size_t)n;
    }
    FILE *answer = ask(argv[0], line);
    if (!answer)
        return 1;
    int status = has_file ? to_file(answer, argv[2]) : copy(answer, stdout) ? 0 : 1;
    (void)fclose(answer);
    return status;
}
