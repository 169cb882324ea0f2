# shellcheck shell=bash
# What the end-to-end tests share: a folder of their own, sluice-lab and sluiced on free ports, polling with
# bounds, and an orderly end. To be sourced:
#
#   . "$(dirname "$0")/lib/e2e.bash"
#   e2e_begin
#   start_lab scenario.conf
#   write_conf                 # $work/sluice.conf; see there for what a test may set before
#   start_daemon
#   ...
#   e2e_end
#
# SLUICE_BIN and SLUICE_SRC are set by ctest. SLUICE_TEST_SCALE=small makes lists short and patience long, for
# builds with sanitizers. SLUICE_TEST_KEEP=1 keeps the folder.
set -u
: "${SLUICE_BIN:?the folder with sluiced, sluice and sluice-lab}" "${SLUICE_SRC:?the source tree}"
lib=$SLUICE_SRC/tests/integration/lib
lab_pid="" daemon_pid="" work="" others=""
patience=1 # factor of all time limits
[ "${SLUICE_TEST_SCALE:-}" != small ] || patience=5

# What a test may set before write_conf: lines of the configuration at the top level, within `defaults`, and
# within `dns`, and the list of providers.
conf_more="" defaults_more="" dns_more="" providers=""

say() {
    printf '%s\n' "$*"
}

# Ends the test. The ends of the logs are shown, because ctest shows nothing else.
fail() {
    say "FAILED at ${0##*/}:${BASH_LINENO[-2]}: $*"
    for log in "$work"/sluiced.err "$work"/lab.err "$work"/sluiced.log; do
        [ ! -s "$log" ] || {
            say "--- ${log##*/}, its end:"
            tail -n 15 "$log"
        }
    done
    exit 1
}

end_process() { # PID
    kill -TERM "$1" 2>/dev/null
    for _ in $(seq $((300 * patience))); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

at_exit() {
    local status=$?
    trap - EXIT
    for pid in $daemon_pid $lab_pid $others; do
        end_process "$pid"
    done
    if [ -n "${SLUICE_TEST_KEEP:-}" ]; then
        say "kept: $work"
    else
        rm -rf "$work"
    fi
    exit $status
}

e2e_begin() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-e2e.XXXXXX") || exit 1
    trap at_exit EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# until_true SECONDS COMMAND...: polls; false when the time is over.
until_true() {
    local end=$((SECONDS + $1 * patience))
    shift
    while ! "$@"; do
        [ $SECONDS -le $end ] || return 1
        sleep 0.1
    done
}

# ---- the two programs

lab_is_ready() {
    kill -0 "$lab_pid" 2>/dev/null || fail "sluice-lab ended at once"
    [ -s "$work/lab.ready" ]
}

start_lab() { # SCENARIO [OPTION...]
    scenario=$1
    shift
    rm -f "$work/lab.ready"
    "$SLUICE_BIN/sluice-lab" -c "$scenario" --listen-dns "127.0.0.1:${dns_port:-0}" --smtp-port "${smtp_port:-0}" \
        --ready-file "$work/lab.ready" --control "$work/lab.sock" "$@" 2>>"$work/lab.err" &
    lab_pid=$!
    until_true 10 lab_is_ready || fail "sluice-lab did not get ready"
    dns_port=$(sed -n 's/^dns=//p' "$work/lab.ready")
    smtp_port=$(sed -n 's/^smtp=//p' "$work/lab.ready")
}

lab() { # CTL-COMMAND...
    "$SLUICE_BIN/sluice-lab" ctl "$work/lab.sock" "$@"
}

write_conf() {
    mkdir -p "$work/drop" "$work/providers"
    cat >"$work/sluice.conf" <<END
drop_dir = "drop"; accepted_dir = "accepted"; failed_dir = "failed"; out_dir = "out";
spool_dir = "spool"; list_db = "lists.db"; provider_dir = "providers"; control_socket = "control.sock";
template_dir = "${template_dir:-$SLUICE_SRC/templates}";
log_file = "sluiced.log";
ehlo_name = "mail.bomnal.example";
prohibited_hosts = ();
dns = { servers = "127.0.0.1:$dns_port"; timeout = "1 s"; tries = 2; ttl_min_sec = 1; servfail = "1 s"; $dns_more };
defaults = {
    smtp_port = $smtp_port; max_message_rate = "${message_rate:-5000/s}"; max_connection_rate = "1000/s";
    retry_interval = "${retry_interval:-1 s}"; max_retry_interval = "${max_retry_interval:-4 s}"; idle = "1 s";
    ramp_up = "${ramp_up:-0 s}";
    $defaults_more
};
providers = ( $providers );
$conf_more
END
}

answers() {
    kill -0 "$daemon_pid" 2>/dev/null || fail "sluiced ended at once"
    sluice status --json >/dev/null 2>&1
}

start_daemon() { # [OPTION...]
    "$SLUICE_BIN/sluiced" -c "$work/sluice.conf" "$@" 2>>"$work/sluiced.err" &
    daemon_pid=$!
    until_true 20 answers || fail "sluiced does not answer"
}

is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

# SIGTERM; a status other than 0 is a failure, so that sanitizers are heard.
stop_daemon() {
    kill -TERM "$daemon_pid"
    until_true "${1:-60}" is_gone "$daemon_pid" || fail "sluiced does not end after SIGTERM"
    wait "$daemon_pid"
    local status=$?
    daemon_pid=""
    [ $status -eq 0 ] || fail "sluiced ended with status $status"
}

kill_daemon() {
    kill -KILL "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null
    daemon_pid=""
}

sluice() {
    "$SLUICE_BIN/sluice" -c "$work/sluice.conf" "$@"
}

e2e_end() {
    [ -z "$daemon_pid" ] || stop_daemon
    if [ -n "$lab_pid" ]; then
        kill -TERM "$lab_pid"
        until_true 20 is_gone "$lab_pid" || fail "sluice-lab does not end after SIGTERM"
        wait "$lab_pid" || fail "sluice-lab ended with status $?"
        lab_pid=""
    fi
    ! grep -E 'Sanitizer|runtime error:' "$work"/*.err || fail "see above"
    say "$(basename "$0" .sh): all is well ($SECONDS s)"
}

# ---- jobs

# drop FILE...: into the drop directory as upstream systems do it; the job file last.
drop() {
    local file name
    for file in "$@"; do
        name=${file##*/}
        cp "$file" "$work/drop/.$name.tmp" && mv "$work/drop/.$name.tmp" "$work/drop/$name" || fail "cannot drop $file"
    done
}

# field FILTER-EXPRESSION: of the JSON on standard input, as Python sees it in `j`.
field() {
    python3 -c 'import json, sys; j = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# job_is JOB STATE...
job_is() {
    local job=$1 state
    shift
    state=$(sluice status "$job" --json 2>/dev/null | field 'j["jobs"][0]["state"]' 2>/dev/null)
    for wanted in "$@"; do
        [ "$state" != "$wanted" ] || return 0
    done
    return 1
}

# wait_done JOB SECONDS
wait_done() {
    until_true "$2" job_is "$1" "${3:-done}" || {
        sluice status "$1"
        fail "job $1 is not ${3:-done} after $2 s (x $patience)"
    }
    # A cancelled job says so at once; its results follow.
    until_true 10 test -s "$work/out/$1/result.csv" || fail "job $1 is ${3:-done}, and has no result.csv"
}

# delivered JOB: how many so far.
delivered() {
    sluice status "$1" --json 2>/dev/null | field 'j["jobs"][0]["counts"].get("delivered", 0)' 2>/dev/null || echo 0
}

delivered_at_least() { # JOB COUNT
    [ "$(delivered "$1")" -ge "$2" ]
}

# at_receiver RECEIVER EXPRESSION: of what the lab counted there, as `r`; nothing yet is 0.
at_receiver() {
    lab stats --json | python3 -c 'import collections, json, sys
r = collections.defaultdict(int, json.load(sys.stdin)["receivers"].get(sys.argv[1], {}))
print(eval(sys.argv[2]))' "$@"
}

accepted_at_least() { # RECEIVER COUNT
    [ "$(at_receiver "$1" 'r["messages"]')" -ge "$2" ]
}

# The results of a job against the lab's own records; see there for the options.
compare() { # JOB [OPTION...]
    local job=$1
    shift
    lab dump "$work/dump.tsv" || fail "the lab does not dump"
    python3 "$lib/compare_results.py" "$work/out/$job/result.csv" "$work/dump.tsv" "$@" ||
        fail "job $job: results and the receivers' records differ"
}

# ---- claims

# says TEXT COMMAND...: the command succeeds and its output (both streams) has the text, a grep -E pattern.
says() {
    exits 0 "$@"
}

# exits STATUS TEXT COMMAND...
exits() {
    local want=$1 text=$2 output status
    shift 2
    output=$("$@" 2>&1)
    status=$?
    [ "$status" -eq "$want" ] || {
        say "$output"
        fail "status $status instead of $want: $*"
    }
    grep -Eq -- "$text" <<<"$output" || {
        say "$output"
        fail "'$text' is not in the output of: $*"
    }
}

# equal WANTED GOT WHAT
equal() {
    [ "$1" = "$2" ] || fail "$3: '$2' instead of '$1'"
}
