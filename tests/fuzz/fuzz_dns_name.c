#include "name.h"

#include <sluice/base/must.h>

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char out[DNS_NAME_SIZE], again[DNS_NAME_SIZE];
    const char *why;

    if (!dns_name_to_ascii(str_n((const char *)data, size), out, &why)) {
        MUST(why);
        return 0;
    }
    MUST(strlen(out) <= DNS_NAME_MAX && dns_name_is_host(out));
    MUST(dns_name_to_ascii(str_of(out), again, &why) && strcmp(out, again) == 0);
    return 0;
}
