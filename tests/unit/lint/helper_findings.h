/* helper_findings.h: findings as one line for rows of tests.
 *
 *     findings_of(&l, "spf", &out);      // "error warning"
 *     findings_of(&l, NULL, &out);       // "error:spf warning:dmarc"
 */
#ifndef SLUICE_TESTS_LINT_HELPER_FINDINGS_H
#define SLUICE_TESTS_LINT_HELPER_FINDINGS_H

#include <sluice/base/buf.h>
#include <sluice/lint/lint.h>

void findings_of(const struct lint *l, const char *check, struct buf *out);
void findings_print(const struct lint *l);

#endif
