#!/bin/bash
# Messages with hostile values, read back by an independent parser: Python's email package. lib/render_mime.py says what is compared.
# More of them, such as 100,000: SLUICE_TEST_COUNT=100000. Skipped where Python or the helper program (tools/bench.d/render) is missing.
set -eu
sample=$SLUICE_BIN/render_sample
[ -x "$sample" ] || exit 77
command -v python3 openssl >/dev/null || exit 77
count=5000
[ "${SLUICE_TEST_SCALE:-}" != small ] || count=1000
here=$(dirname "$0")
exec python3 "$here/lib/render_mime.py" "$sample" "$SLUICE_SRC/templates" "${SLUICE_TEST_COUNT:-$count}" "$(nproc)"
