#include "openssl_speed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In a line of `openssl speed -mr` the rates stand behind "+F", the signing one before the verifying
 * one at the end: "+F2:2:2048:4200.0:72385.2" for RSA, "+F6:0:253:Ed25519:40380.9:13891.5". */
static double rate_of(char *line)
{
    char *verify = strrchr(line, ':');
    char *sign;

    if (strncmp(line, "+F", 2) != 0 || !verify)
        return 0;
    *verify = '\0';
    sign = strrchr(line, ':');
    return sign ? strtod(sign + 1, NULL) : 0;
}

double openssl_speed(const char *algorithm)
{
    char command[100], line[400];
    double found = 0;
    FILE *f;

    snprintf(command, sizeof command, "openssl speed -mr -seconds 1 %s 2>/dev/null", algorithm);
    f = popen(command, "r");
    while (f && fgets(line, sizeof line, f)) {
        double rate = rate_of(line);

        found = rate > 0 ? rate : found;
    }
    if (f)
        pclose(f);
    return found;
}
