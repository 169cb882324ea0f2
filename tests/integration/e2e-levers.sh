#!/bin/bash
# Pause, resume and cancel while a job runs: in seconds, without a duplicate, and they survive a restart.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

make_job() { # ID COUNT
    { echo email; for i in $(seq "$2"); do echo "$1$i@slow.example"; done; } >"$work/$1.csv"
    cat >"$work/$1.job" <<END
id = "$1"; client = "bomnal"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale"; recipients = "$1.csv";
END
    drop "$work/$1.csv" "$work/$1.job"
}

in_flight_is_none() {
    [ "$(sluice status --json | field 'j["in_flight"]')" = 0 ]
}

accepted_in_all() {
    lab stats --json | field 'j["messages"]'
}

# paused JOB: nothing more comes, for as long as it takes the receiver to take a few.
stays_paused() {
    local before now
    before=$(accepted_in_all)
    for _ in $(seq 15); do
        sleep 0.1
        now=$(accepted_in_all)
        equal "$before" "$now" "messages received while paused"
    done
}

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/small.conf"
defaults_more='connection_limit = 2;'
write_conf
start_daemon

make_job first 300
until_true 30 delivered_at_least first 10 || fail "the job does not begin"
says "first paused" sluice pause first
until_true 5 in_flight_is_none || fail "a paused job keeps sending"
until_true 5 job_is first paused || fail "the job is not paused"
stays_paused
count=$(delivered first)
[ "$count" -lt 300 ] || fail "the job was through before it was paused"

# It stays paused over a restart.
stop_daemon
start_daemon
job_is first paused || fail "the job is not paused after a restart"
stays_paused
equal "$count" "$(delivered first)" "delivered after the restart"
says "first resumed|first active|first" sluice resume first
until_true 30 delivered_at_least first $((count + 20)) || fail "the job does not go on"

# A second job is paused alone; the first goes on.
make_job second 200
until_true 30 delivered_at_least second 5 || fail "the second job gets no turn"
says "second paused" sluice pause second
count=$(delivered first)
until_true 30 delivered_at_least first $((count + 10)) || fail "the first job stands still when the second is paused"

# Cancelled while paused, and while running; what was sent stays sent.
says "second cancelled" sluice cancel second
wait_done second 30 cancelled
says "first cancelled" sluice cancel first
wait_done first 30 cancelled
compare first --others
compare second --others
for job in first second; do
    cancelled=$(grep -c ",cancelled,cancelled," "$work/out/$job/result.csv")
    [ "$cancelled" -gt 0 ] || fail "nobody of $job is cancelled"
done
exits 1 "cancelled" sluice resume first
exits 1 "no job 'frist'; did you mean 'first'" sluice pause frist

# Cancelled while it is taken in, or right after: nobody is lost.
make_job third 2000
until_true 30 job_is third active || fail "the third job was not taken in"
sluice cancel third >/dev/null || fail "cancel"
wait_done third 30 cancelled
equal 2001 "$(wc -l <"$work/out/third/result.csv")" "lines of the third result"
compare third --others
e2e_end
