#!/bin/bash
# SIGTERM in the middle of a campaign, kill -9 in the middle, and starts after each: nobody is lost, nobody is mailed twice,
# and only those may be in doubt whose reply was never read. Also kill -9 while a list is being taken in, and --drain.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"
# The rate gives the kills their time, also on a fast machine.
count=40000 message_rate=5000/s
[ "${SLUICE_TEST_SCALE:-}" != small ] || count=10000 message_rate=1500/s

make_job() { # ID COUNT
    awk -v id="$1" -v n="$2" 'BEGIN { print "email,name"
        for (i = 1; i <= n; i++) print id i "@" (i % 3 ? "plain" : "other") ".example,이름" i }' >"$work/$1.csv"
    cat >"$work/$1.job" <<END
id = "$1"; client = "bomnal"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale"; recipients = "$1.csv";
in_doubt = "hold";
END
    drop "$work/$1.csv" "$work/$1.job"
}

is_moving() { # JOB FROM
    [ "$(delivered "$1")" -ge "$2" ] || ! job_is "$1" active
}

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/small.conf"
defaults_more='connection_limit = 10; max_deliveries_per_connection = 50;'
write_conf
start_daemon

# --- SIGTERM: what is under way ends, all of it is recorded, and nobody is in doubt
make_job gentle $count
for part in 1 2 3; do
    until_true 60 delivered_at_least gentle $((count * part / 5)) || fail "the job does not move"
    stop_daemon 30
    start_daemon
done
wait_done gentle 120
compare gentle --others --list "$work/gentle.csv" --in-doubt 0

# --- kill -9, at instants that nothing chooses
make_job rough $count
until_true 60 job_is rough active || fail "the job was not taken in"
kills=0
for part in 1 2 3 4 5 6; do
    until_true 60 is_moving rough $((count * part / 8)) || fail "the job does not move"
    job_is rough active || break
    kill_daemon
    kills=$((kills + 1))
    start_daemon
done
wait_done rough 120
# A connection has at most one message between its final dot and the reply.
compare rough --others --killed --list "$work/rough.csv" --in-doubt $((kills * 20))
[ $kills -ge 2 ] || fail "the job was through after $kills kills: it is too short for this machine"
say "$kills kills, $(grep -c ',in-doubt,' "$work/out/rough/result.csv") in doubt"

# --- killed while the list is being taken in: the dropped files are there, and taken in by the next start
is_being_taken_in() {
    [ "$(sluice status --json | field 'j["intake"]["importing"]')" = import ] || job_is import active done
}
make_job import $((count * 3))
until_true 60 is_being_taken_in || fail "the list is not taken in"
kill_daemon
start_daemon
until_true 60 job_is import active done || fail "the job was not taken in after the kill"
wait_done import 120
compare import --others --killed --list "$work/import.csv" --in-doubt 20

# --- --drain: ends by itself when the work is done
stop_daemon
make_job drain 500
"$SLUICE_BIN/sluiced" -c "$work/sluice.conf" --drain 2>>"$work/sluiced.err" &
others=$!
until_true 60 is_gone "$others" || fail "sluiced --drain does not end"
wait "$others" || fail "sluiced --drain ended with status $?"
others=""
compare drain --others --list "$work/drain.csv" --in-doubt 0
e2e_end
