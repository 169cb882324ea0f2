#include "openssl_speed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs it and gives the n-th number from the end of the last line with results. Those are
 * "+F2:2:2048:4200.0:72385.2" (RSA: signatures, verifications), "+F6:0:253:Ed25519:40380.9:13891.5"
 * and "+F:25:sha256:1932404040.40" (bytes). */
static double run(const char *what, unsigned nth)
{
    char command[200], line[400];
    double found = 0;
    FILE *f;

    snprintf(command, sizeof command, "openssl speed -mr -seconds 1 %s 2>/dev/null", what);
    f = popen(command, "r");
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strrchr(line, ':');

        if (strncmp(line, "+F", 2) != 0)
            continue;
        for (unsigned i = 1; i < nth && colon; i++) {
            *colon = '\0';
            colon = strrchr(line, ':');
        }
        found = colon ? strtod(colon + 1, NULL) : 0;
    }
    if (f)
        pclose(f);
    return found;
}

double openssl_speed_sign(const char *algorithm)
{
    return run(algorithm, 2);
}

double openssl_speed_sha256(size_t bytes)
{
    char what[100];

    snprintf(what, sizeof what, "-bytes %zu -evp sha256", bytes);
    return run(what, 1) / (double)bytes;
}
