#!/bin/bash
# 200,000 recipients at 20 providers with limits of every kind: no receiver ever sees more than is written, and
# each gets nearly all that its tightest limit lets through while mail waits for it. How much more is allowed for
# the jitter of this machine, and why: lib/shaping.py.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"
seconds=100
[ "${SLUICE_TEST_SCALE:-}" != small ] || seconds=12

all_done() {
    for job in spring capped club1 club2; do
        job_is "$job" done || return 1
    done
}

e2e_begin
count=$(python3 "$lib/shaping.py" make "$work" $seconds) || fail "no world"
start_lab "$work/scenario.conf" --log "$work/lab.log"
conf_more='@include "limits.conf"
max_connections = 250;'
write_conf
sed -i '/^providers = /d' "$work/sluice.conf" # they stand in limits.conf
start_daemon

# The lists are taken in before anything is sent: the measurement is of the sending.
start=$(date -d "+$((8 * patience)) seconds" +%Y-%m-%dT%H:%M:%S%:z)
for job in spring capped club1 club2; do
    echo "start = \"$start\";" >>"$work/$job.job"
    drop "$work/$job.csv" "$work/$job.job"
done
python3 "$lib/shaping.py" probe "$work/stall" &
others=$!
until_true $((seconds * 2 + 30)) all_done || {
    sluice status
    fail "the jobs are not done"
}
end_process "$others"
others=""
lab stats --json >"$work/stats.json" || fail "no statistics"
equal "$count" "$(field 'j["messages"]' <"$work/stats.json")" "messages accepted"
for job in spring capped club1 club2; do
    until_true 20 test -s "$work/out/$job/result.csv" || fail "no results of $job"
    compare $job --others --list "$work/$job.csv" --in-doubt 0
done
end_process "$lab_pid" # its log is complete then
lab_pid=""
python3 "$lib/shaping.py" judge "$work/stats.json" "$work/lab.log" "$(cat "$work/stall")" || fail "see FAULT above"
e2e_end
