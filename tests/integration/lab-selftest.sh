#!/bin/bash
# Starts sluice-lab on free ports and proves what its scenario promises: every stage's replies, the
# DNS, drops, limits, counting. SLUICE_BIN and SLUICE_SRC are set by ctest.
set -u
lab=${SLUICE_BIN:?}/sluice-lab
here=${SLUICE_SRC:?}/tools/lab
work=$(mktemp -d "${TMPDIR:-/tmp}/lab-selftest.XXXXXX")
pid=

finish() {
    if [ -n "$pid" ]; then
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    fi
    rm -rf "$work"
}
trap finish EXIT

fail() {
    echo "FAILED: $*"
    exit 1
}

# --- every scenario of ours is well-formed, and mistakes are reported with their line
for scene in "$here"/scenarios/*.conf "$here"/selftest/scene.conf; do
    "$lab" -c "$scene" -n || fail "$scene"
done
cat > "$work/bad.conf" <<'END'
lab: { smtp_prot = 25; measure = ("1 x"); };
receivers = (
    { name = "a"; hosts = "mx.a.example 10.0.0.1"; },
    { name = "b"; hosts = "mx.b.example 127.0.0.7";
      rules = ( { at = "rcptt"; reply = "550 no"; }, { local = "x"; reply = "hello"; }, "nowhere" ); }
);
domians = ();
END
"$lab" -c "$work/bad.conf" -n 2> "$work/problems" && fail "a bad scenario passed"
for want in "bad.conf:1: .*'smtp_prot' .*did you mean 'smtp_port'" "bad.conf:1: .*at most a day" "bad.conf:3: .*127.0.0.0/8" \
    "bad.conf:5: .*'rcptt'; did you mean 'rcpt'" "bad.conf:5: .*200 to 599" \
    "bad.conf:5: .*no behaviour 'nowhere'" "bad.conf:7: .*did you mean 'domains'"; do
    grep -q "$want" "$work/problems" || { cat "$work/problems"; fail "no complaint: $want"; }
done

# --- the running lab
"$lab" -c "$here/selftest/scene.conf" --ready-file "$work/ready" --control "$work/control" \
    --keep "$work/kept" --ca-file "$work/ca.pem" --log "$work/log" --dump "$work/final.tsv" &
pid=$!
for _ in $(seq 200); do
    [ -s "$work/ready" ] && break
    kill -0 "$pid" 2>/dev/null || fail "the lab ended"
    sleep 0.05
done
[ -s "$work/ready" ] || fail "the lab did not get ready"
timeout 240 python3 "$here/selftest/drive.py" "$lab" "$work/ready" "$here/selftest/scene.conf" "$work" ||
    fail "see above"

# --- its end: SIGTERM writes the dump; sanitizers speak through the status
kill "$pid"
wait "$pid"
status=$?
pid=
[ "$status" -eq 0 ] || fail "the lab ended with status $status"
grep -q '^after@d000003.million.example	1	1	250	' "$work/final.tsv" || fail "no dump at the end"
echo "lab-selftest: all is well"
