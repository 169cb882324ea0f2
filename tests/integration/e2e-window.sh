#!/bin/bash
# A maintenance window that opens and closes during a campaign: nothing is attempted inside and no connection is left
# when it begins, nobody is lost or mailed twice, the waiting counts neither as an attempt nor towards expiry, the
# others flow on, `why` names the window, and afterwards the flow begins gently.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

unix_ms() {
    echo $(($(date +%s%N) / 1000000))
}

iso() { # UNIX-SECONDS
    date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ
}

wait_until() { # UNIX-SECONDS
    while [ "$(date +%s)" -lt "$1" ]; do
        sleep 0.05
    done
}

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/gates.conf"

# 20 messages/s at north: 47 s of mail and a window of 22 s, with a minute until they expire. South and west are
# busy for as long.
now=$(date +%s)
starts=$((now + 4)) opens=$((now + 14)) closes=$((now + 36))
# A millisecond or two apart are the two programs' readings of the clock.
lab set north maintenance "$((opens * 1000)) $((closes * 1000 - 5))" || fail "the lab takes no window"
providers='
    { name = "north"; mx_suffix = ( ".north.example" ); connection_limit = 8; max_message_rate = "20/s";
      drain = "3 s"; ramp_up = "2 s";
      maintenance = (
          { from = "'$(iso $opens)'"; until = "'$(iso $closes)'"; note = "정기점검"; }
      ); },
    { name = "south"; mx_suffix = ( ".south.example" ); connection_limit = 2; max_message_rate = "40/s"; },
    { name = "west"; mx_suffix = ( ".west.example" ); connection_limit = 2; max_message_rate = "20/s"; }
'
write_conf
line=$(grep -n 정기점검 "$work/sluice.conf" | cut -d: -f1)
start_daemon
says "정기점검" sluice windows north
{
    echo email
    for i in $(seq 470); do
        printf 'n%d@north.example\nn%d@north-too.example\n' "$i" "$i"
    done
    for i in $(seq 2200); do
        echo "s$i@south.example"
    done
    for i in $(seq 1100); do
        echo "w$i@west.example"
    done
} >"$work/window.csv"
cat >"$work/window.job" <<END
id = "window"; client = "bomnal"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale";
recipients = "window.csv"; expires = "1 min"; start = "$(iso $starts)";
END
drop "$work/window.csv" "$work/window.job"

wait_until $((opens - 1))
before=$(at_receiver north 'r["messages"]')
[ "$before" -ge 60 ] || fail "only $before messages reached north before the window"

# --- inside
wait_until $((opens + 2))
south=$(at_receiver south 'r["messages"]') west=$(at_receiver west 'r["messages"]')
equal 0 "$(at_receiver north 'r["open"]')" "connections to north inside the window"
for what in north north.example n400@north.example window; do
    says "정기점검" sluice why $what
    says "sluice.conf:$line" sluice why $what
done
json=$(sluice why north --json)
python3 - "$json" "$line" "$closes" <<'END' || fail "why --json: $json"
import datetime, json, sys
why, line, closes = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
held = [w for w in why["waits"] if w.get("line") == line]
assert held and all(w["file"].endswith("sluice.conf") for w in held), held
assert sum(w["recipients"] for w in held) > 500, held
until = datetime.datetime.fromisoformat(held[0]["until"].replace("Z", "+00:00")).timestamp()
assert abs(until - closes) < 1, (until, closes)
END
says "정기점검" sluice provider north
wait_until $((opens + 7))
flowed() { # RECEIVER BEFORE AT-LEAST
    local count
    count=$(($(at_receiver "$1" 'r["messages"]') - $2))
    [ $count -ge "$3" ] || fail "$1 got $count messages in 5 s while north was closed"
}
flowed south "$south" 120
flowed west "$west" 60

# --- after
wait_done window 120
ended=$(($(unix_ms) / 1000))
lab stats >"$work/stats"
python3 - "$(lab stats --json)" <<'END' || { cat "$work/stats"; fail "north was disturbed"; }
import json, sys
r = json.loads(sys.argv[1])["receivers"]
m = r["north"]["maintenance"]
print("north:", m)
for k in ("open_at_begin", "connections", "mails", "rcpts", "messages"):
    assert m[k] == 0, k
assert m["windows"] == 1
assert m["after_ms"] < 2500, "it did not begin again at once"
assert m["after_peak_connections"] == 1, "it did not begin gently"
assert r["north"]["peak_connections"] > 2, "a single connection would have done: this run shows nothing"
assert all(v["refused"] == {} for v in r.values()), r
END
compare window --list "$work/window.csv" --in-doubt 0
python3 - "$work/out/window/result.csv" "$work/dump.tsv" "$starts" <<'END' || fail "the waiting was charged"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8")))
bad = [r for r in rows if r["state"] != "delivered" or r["attempts"] != "1"]
assert not bad, bad[:5]
late = [r for r in csv.DictReader(open(sys.argv[2], encoding="utf-8"), delimiter="\t")
        if int(r["last_ms"]) / 1000 > int(sys.argv[3]) + 60]
print(len(late), "of", len(rows), "were delivered later than `expires` after the start")
assert len(late) > 50, "nobody outlasted `expires`: this run shows nothing"
END
say "the campaign took $((ended - starts)) s, of which north was closed $((closes - opens)) s"
e2e_end
