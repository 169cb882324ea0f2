/* One byte for the phase, then a reply line: every input has a verdict, and none before RCPT
 * condemns a mailbox. */
#include <stddef.h>
#include <stdint.h>

#include <sluice/base/must.h>
#include <sluice/reply/reply.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum phase phase = size ? (enum phase)(data[0] % PHASES) : PHASE_RCPT;
    struct reply_reader r;
    struct verdict v;
    enum group g;

    if (size == 0)
        return 0;
    reply_reader_init(&r);
    if (!reply_reader_line(&r, (const char *)data + 1, size - 1))
        return 0;
    reply_classify("gmail", phase, &r.reply, &v);
    MUST(v.category < CATEGORIES && v.scope < SCOPES && v.rule[0]);
    MUST(!v.is_permanent || r.reply.code >= 500);
    g = category_group(v.category);
    if (phase <= PHASE_MAIL)
        MUST(g != GROUP_BAD_ADDRESS && g != GROUP_FULL && g != GROUP_REFUSED);
    return 0;
}
