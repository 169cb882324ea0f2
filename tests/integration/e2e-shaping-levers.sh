#!/bin/bash
# Suspending and resuming providers, sources and clients; reloading the configuration; rules over replies; the outage
# guard and how an operator settles it; a rate per day. All of it over kill -9.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

make_job() { # ID DOMAIN COUNT [LINE]
    { echo email; for i in $(seq "$3"); do echo "$1-$i@$2"; done; } >"$work/$1.csv"
    cat >"$work/$1.job" <<END
id = "$1"; client = "bomnal"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale"; recipients = "$1.csv"; ${4:-}
END
    drop "$work/$1.csv" "$work/$1.job"
}

messages() { # RECEIVER
    at_receiver "$1" 'r["messages"]'
}

# stands_still RECEIVER: two seconds after a lever was pulled, nothing more comes.
stands_still() {
    local before
    sleep 2
    before=$(messages "$1")
    sleep 1.5
    equal "$before" "$(messages "$1")" "messages to $1 while it is suspended"
}

moves_on() { # RECEIVER
    local before
    before=$(messages "$1")
    until_true 10 accepted_at_least "$1" $((before + 5)) || fail "$1 gets nothing more"
}

restart_rudely() {
    kill_daemon
    start_daemon
}

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/gates.conf"
# The second half of conf_more is what the reload changes.
conf_more='
sources = ( { name = "first"; address = "127.0.0.1"; }, { name = "second"; address = "127.0.0.2"; } );
clients = ( { name = "club"; } );
automation = ( { name = "narrow is full"; match = "^421 .*too many connections"; provider = "narrow"; trigger = "immediately";
                 action = "set_limits"; connection_limit = 1; duration = "1 h"; } );
'
write_providers() { # RATE-OF-SOUTH
    cat >"$work/providers/all.conf" <<END
providers = (
    { name = "south"; mx_suffix = ( ".south.example" ); connection_limit = 2; max_message_rate = "$1";
      max_deliveries_per_connection = 100000; },
    { name = "west"; mx_suffix = ( ".west.example" ); connection_limit = 2; max_message_rate = "40/s";
      outage_sample = 30; outage_refused_percent = 90; outage_window = "5 min"; outage_rest = "1 h"; },
    { name = "mirror"; mx_suffix = ( ".mirror.example" ); connection_limit = 4; max_message_rate = "40/s";
      max_deliveries_per_connection = 5; },
    { name = "narrow"; mx_suffix = ( ".narrow.example" ); connection_limit = 8; retry_interval = "1 s"; },
    { name = "north"; mx_suffix = ( ".north.example" ); connection_limit = 8; max_message_rate = ( "30/s", "1,000/day" ); }
);
END
}
mkdir -p "$work/providers"
write_providers 20/s
write_conf
start_daemon

# --- a provider
make_job one south.example 700
make_job club-a mirror.example 1400 'priority = "bulk";'
until_true 20 accepted_at_least south 20 || fail "the job does not begin"
says "." sluice suspend provider south --reason "their postmaster asked"
stands_still south
says "postmaster asked" sluice why south
says "postmaster asked" sluice why one
restart_rudely
stands_still south
moves_on mirror # the other goes on
says "." sluice resume provider south
moves_on south
exits 1 "sotuh|no provider|unknown" sluice suspend provider sotuh
exits 1 "." sluice resume provider south # it is not suspended

# --- a source: its mail takes the other one
from_first() {
    grep -c 'taken from 127.0.0.1' "$work/out.csv"
}
results_of_mirror() {
    sluice results club-a --output "$work/out.csv" >/dev/null || fail "results"
}
says "." sluice suspend source first --for 1h
sleep 2
results_of_mirror
before=$(from_first)
moves_on mirror
restart_rudely
moves_on mirror
results_of_mirror
equal "$before" "$(from_first)" "messages from a suspended source"
[ "$(grep -c 'taken from 127.0.0.2' "$work/out.csv")" -gt 0 ] || fail "nothing came from the other source"
says "." sluice suspend source second
stands_still mirror
says "suspend" sluice why mirror
says "." sluice resume source first
moves_on mirror
says "." sluice resume source second

# --- a client
sed -i 's/"bomnal"/"club"/' "$work/one.job"
{ echo email; for i in $(seq 400); do echo "c$i@west.example"; done; } >"$work/club-b.csv"
sed 's/"one/"club-b/g' "$work/one.job" >"$work/club-b.job"
drop "$work/club-b.csv" "$work/club-b.job"
until_true 20 accepted_at_least west 10 || fail "the club's job does not begin"
says "." sluice suspend client club
stands_still west
moves_on mirror
restart_rudely
stands_still west
says "suspend" sluice why club-b
says "." sluice resume client club
wait_done club-b 60

# --- reload: what is wrong changes nothing, what is right counts at once, and no connection is lost
connections=$(at_receiver south 'r["connections"]')
write_providers 20/s
sed -i 's/connection_limit = 2; max_message_rate = "20\/s"/connection_limt = 2; max_message_rate = "20 per s"/' "$work/providers/all.conf"
echo 'nonsense = 1;' >>"$work/sluice.conf"
exits 1 "all.conf:2: .*connection_limt.*did you mean" sluice reload
exits 1 "all.conf:2: .*20 per s" sluice reload
exits 1 "sluice.conf:[0-9]+: .*nonsense" sluice reload
sed -i '/^nonsense/d' "$work/sluice.conf"
moves_on south
says "20/s" sluice provider south
write_providers 60/s
says "." sluice reload
says "60/s" sluice provider south
before=$(messages south)
sleep 3
count=$(($(messages south) - before))
[ $count -ge 120 ] && [ $count -le 240 ] || fail "$count messages in 3 s after the rate became 60/s"
equal "$connections" "$(at_receiver south 'r["connections"]')" "connections to south over two reloads"
wait_done one 60
compare one --others --killed --list "$work/one.csv" --in-doubt 8
wait_done club-a 120
compare club-a --others --killed --list "$work/club-a.csv" --in-doubt 16

# --- a rule over replies: 3 connections are taken there, we come with 8
make_job wide narrow.example 400
until_true 30 accepted_at_least narrow 20 || fail "nothing reaches narrow"
sleep 1
refused=$(at_receiver narrow 'r["refused_connections"]')
[ "$refused" -ge 1 ] || fail "nobody was refused: this run shows nothing"
says "narrow is full" sluice provider narrow
for _ in $(seq 20); do
    open=$(at_receiver narrow 'r["open"]')
    [ "$open" -le 1 ] || fail "$open connections to narrow, the rule says 1"
    sleep 0.1
done
equal "$refused" "$(at_receiver narrow 'r["refused_connections"]')" "refused connections after the rule spoke"
restart_rudely
sleep 1
says "narrow is full" sluice provider narrow
wait_done wide 120
equal "$refused" "$(at_receiver narrow 'r["refused_connections"]')" "refused connections after a restart"
compare wide --others --killed --list "$work/wide.csv" --in-doubt 3

# --- the outage guard, released
is_outage() { # PROVIDER
    [ "$(sluice provider "$1" --json | field 'j["state"]["outage"]')" = True ]
}
quarantined() {
    sluice provider west --json | field 'sum(q["recipients"] for q in j["state"]["quarantined"])'
}
# outage JOB: west takes some of it, then refuses everybody, until it rests.
outage() {
    local before
    before=$(messages west)
    make_job "$1" west.example 600 'list = "guarded";'
    until_true 30 accepted_at_least west $((before + 100)) || fail "$1 does not begin"
    lab set west refuse_all "550 5.1.1 No such user" || fail "refuse_all"
    until_true 30 is_outage west || fail "west refuses everybody, and nobody notices"
    sleep 2
    stopped=$(at_receiver west 'r["mails"]')
    sleep 1.5
    equal "$stopped" "$(at_receiver west 'r["mails"]')" "attempts at a provider that rests"
    [ "$(quarantined)" -ge 25 ] || fail "$(quarantined) are in quarantine"
}
unmailable() {
    sluice list export guarded | awk -F, '$2 == "invalid"' | wc -l
}
outage release
equal 0 "$(unmailable)" "contacts that the outage took from the list"
equal 0 "$(sluice status release --json | field 'j["jobs"][0]["counts"].get("bounced", 0)')" "bounced"
says "OUTAGE" sluice provider west
says "outage" sluice why release
restart_rudely
is_outage west || fail "the outage is forgotten after a restart"
held=$(quarantined)
lab set west refuse_all off
says "$held" sluice provider west release
wait_done release 120
equal 600 "$(grep -c ',delivered,' "$work/out/release/result.csv")" "delivered after the release"
compare release --others --killed --list "$work/release.csv" --in-doubt 0
equal 0 "$(unmailable)" "contacts that the outage took from the list"

# --- and confirmed: it was true after all
outage confirm
held=$(quarantined)
lab set west refuse_all off
says "$held" sluice provider west confirm
wait_done confirm 120
bounced=$(grep -c ',bounced,' "$work/out/confirm/result.csv")
[ "$bounced" -ge "$held" ] || fail "$bounced bounced, $held were confirmed"
equal 600 "$(grep -c -E ',(bounced|delivered),' "$work/out/confirm/result.csv")" "recipients that ended"
equal "$bounced" "$(unmailable)" "contacts that cannot be mailed any more"

# --- 1,000 a day, whatever happens to us
make_job daily north.example 1500
for part in 1 2; do
    until_true 30 accepted_at_least north $((part * 100)) || break
    restart_rudely
done
# It ends where the day is used up. What may have been granted in the 10 s around a kill counts as granted.
last=-1
until_quiet() {
    local count
    count=$(messages north)
    [ "$count" = "$last" ] && return 0
    last=$count
    sleep 3
    return 1
}
until_true 60 until_quiet || fail "north never comes to an end"
[ "$last" -le 1000 ] || fail "$last messages where 1,000 a day are allowed"
[ "$last" -ge 350 ] || fail "only $last messages where 1,000 a day are allowed"
says "1,000/day" sluice why daily
stop_daemon
start_daemon
sleep 2
[ "$(messages north)" -le 1000 ] || fail "more than 1,000 a day after a restart in good order"
say "$last of 1,000 a day, over 2 kills"
says "cancelled" sluice cancel daily
wait_done daily 30 cancelled
e2e_end
