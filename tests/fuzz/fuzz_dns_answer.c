/* The first byte chooses the type that was asked for, the rest is the packet. */
#include "answer.h"
#include "build.h"

#include <sluice/base/must.h>

#include <arpa/nameser.h>
#include <string.h>

static void check_mx(const struct dns_answer *a)
{
    struct mx_answer mx, again;
    struct buf packed;

    for (unsigned i = 0; i < a->count; i++) {
        MUST(memchr(a->mx[i].exchange, 0, DNS_NAME_SIZE));
        MUST(i == 0 || a->mx[i - 1].preference <= a->mx[i].preference);
    }
    mx_begin(&mx, "fuzz.test", a);
    MUST(mx.hosts <= MX_HOSTS_MAX && (mx.hosts == 0 || mx.status == MX_OK));
    for (unsigned i = 0; i < mx.hosts; i++)
        MUST(dns_name_is_host(mx.host[i].name) || mx.host[i].addresses == 1);
    buf_init(&packed, 16384);
    mx_pack(&mx, &packed);
    MUST(!buf_is_full(&packed));
    mx_unpack(&again, str_n(packed.data, packed.len));
    MUST(again.hosts == mx.hosts && again.status == mx.status);
    buf_done(&packed);
    mx_finish(&mx, "fuzz.test", NULL);
}

static void check_txt(const struct dns_answer *a)
{
    size_t sum = 0;

    if (a->count == 0)
        return;
    MUST(a->count == a->txt->count && a->count <= TXT_RECORDS_MAX);
    for (unsigned i = 0; i < a->count; i++) {
        struct str s = txt_record(a->txt, i);

        MUST(s.p >= a->txt->text && s.p + s.n <= a->txt->text + a->txt->used);
        sum += s.n;
    }
    MUST(sum == a->txt->used && sum <= TXT_BYTES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int types[] = {ns_t_mx, ns_t_a, ns_t_aaaa, ns_t_txt};
    struct dns_answer a;
    int type;

    if (size < 1)
        return 0;
    type = types[data[0] % 4];
    dns_answer_parse(data + 1, size - 1, NULL, type, &a);
    MUST((a.kind == DNS_RECORDS) == (a.count > 0));
    MUST((a.kind == DNS_FAILED) == (a.failure != NULL));
    MUST(a.kind != DNS_ELSEWHERE || dns_name_is_host(a.target));
    if (type == ns_t_mx) {
        MUST(a.count <= DNS_MX_MAX);
        if (a.kind != DNS_ELSEWHERE)
            check_mx(&a);
    } else if (type == ns_t_txt) {
        check_txt(&a);
    } else {
        MUST(a.count <= MX_ADDRESSES_MAX);
    }
    dns_answer_done(&a, type);
    return 0;
}
