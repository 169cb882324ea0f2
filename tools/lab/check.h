/* check.h: what was received against what should have been. */
#ifndef LAB_CHECK_H
#define LAB_CHECK_H

#include <stdio.h>

/* Reads a dump (book.h) and the expected list: CSV or TSV whose first column is the address. Without a
 * header line every address is expected to be accepted once for each time that it is listed; with one,
 * a column `accepted` ("1", "0", "0-1") says how often, else a column `state` (delivered: 1, anything
 * else: 0, in-doubt: 0-2), and a column `code` is compared with the last reply of those never accepted.
 *
 * Prints "missing N, duplicate M, unexpected K, wrong code L" and first examples of each. Returns 0 when
 * all are 0, 1 when not, 2 when a file cannot be read. */
int check_against(FILE *dump, const char *expected_path);

#endif
