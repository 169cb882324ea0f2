#!/bin/bash
# What `sluice plan` says before a launch and `sluice forecast` during it, against what then happens: within 10 %.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

iso() { # UNIX-SECONDS
    date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ
}

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/gates.conf"
# Rates bind here, and not connections: of a receiver that it has not met, the forecast assumes that a message takes 0.1 s.
now=$(date +%s)
opens=$((now + 30)) closes=$((now + 45))
providers='
    { name = "north"; mx_suffix = ( ".north.example" ); connection_limit = 8; max_message_rate = "20/s";
      maintenance = ( { from = "'$(iso $opens)'"; until = "'$(iso $closes)'"; note = "정기점검"; } ); drain = "3 s"; },
    { name = "south"; mx_suffix = ( ".south.example" ); connection_limit = 8; max_message_rate = ( "50/s", "2,400/min" ); },
    { name = "west"; mx_suffix = ( ".west.example" ); connection_limit = 12; max_message_rate = "70/s"; }
'
write_conf
start_daemon
{
    echo email,name
    for i in $(seq 1200); do
        echo "n$i@north.example,김$i"
    done
    for i in $(seq 1400); do
        echo "s$i@south.example,이$i"
    done
    for i in $(seq 3000); do
        echo "w$i@west.example,박$i"
    done
    printf 'zoe@gone.example,조\nnot-an-address,나쁨\nN1@NORTH.example,겹침\nstopped@west.example,그만\n'
} >"$work/plan.csv"
job() { # FINISH-BY
    cat <<END
id = "plan"; client = "bomnal"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale";
recipients = "plan.csv"; finish_by = "$(iso "$1")";
END
}
sluice list suppress stopped@west.example --class ad --reason "asked by phone" >/dev/null || fail "list suppress"

# --- before the launch
job $((now + 60)) >"$work/plan.job"
says "finish" sluice plan "$work/plan.job"
sluice plan "$work/plan.job" --json >"$work/tight.json" || fail "plan --json"
job $((now + 150)) >"$work/plan.job"
begun=$(date +%s%3N)
sluice plan "$work/plan.job" --json >"$work/plan.json" || fail "plan --json"
python3 - "$work/plan.json" "$work/tight.json" <<'END' || fail "not what plan should say: $(head -c 3000 "$work/plan.json")"
import json, sys

def read(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)

plan, tight = map(read, sys.argv[1:])
assert plan["meets"] is True and tight["meets"] is False, (plan["meets"], tight["meets"])
assert "north" in tight["against"], tight["against"]
checks = plan["checks"]
assert (checks["bad_rows"], checks["duplicates"], checks["suppressed"]) == (1, 1, 1), checks
assert [d["domain"] for d in checks["dead_domains"]] == ["gone.example"], checks
by = {p["provider"]: p for p in plan["providers"]}
assert (by["north"]["recipients"], by["south"]["recipients"]) == (1200, 1400), by
assert 14 <= by["north"]["window_wait_s"] <= 19 and by["south"]["window_wait_s"] == 0, by
missing = {m["variable"]: m["rows"] for m in checks["missing_variables"]}
assert missing.get("price") == 5601 and "name" not in missing, missing
END
[ ! -e "$work/drop/plan.job" ] && [ -z "$(ls "$work/drop")" ] || fail "plan left something in the drop directory"
exits 1 "no job" sluice status plan

# --- the run, asked again in its middle
drop "$work/plan.csv" "$work/plan.job"
launched=$(date +%s%3N)
until_true 60 delivered_at_least plan 3500 || fail "the job does not move"
sluice forecast plan --json >"$work/forecast.json" || fail "forecast --json"
says "north" sluice forecast plan
wait_done plan 240
lab stats --json >"$work/stats.json"
grep -v -e not-an-address -e N1@NORTH "$work/plan.csv" >"$work/good.csv"
compare plan --list "$work/good.csv" --in-doubt 0
python3 - "$work/plan.json" "$work/forecast.json" "$work/stats.json" "$begun" "$launched" <<'END' || fail "the forecast was wrong"
import datetime, json, sys

def read(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)

def ms(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000

plan, forecast, stats = (read(p) for p in sys.argv[1:4])
begun, launched = map(int, sys.argv[4:])
real = {n: r["last_accepted_ms"] for n, r in stats["receivers"].items()}
worst = 0

def judge(what, said_ms, real_ms):
    """`said` and `real`: how long after the launch."""
    global worst
    off = (said_ms - real_ms) / real_ms
    print("%-18s said %6.1f s, took %6.1f s: %+5.1f %%" % (what, said_ms / 1000, real_ms / 1000, 100 * off))
    worst = max(worst, abs(off))

judge("plan", ms(plan["finish"]) - begun, max(real.values()) - launched)
for p in plan["providers"]:
    if p["provider"] in ("north", "south"):
        judge("plan, " + p["provider"], ms(p["finish"]) - begun, real[p["provider"]] - launched)
judge("forecast", ms(forecast["finish"]) - launched, max(real.values()) - launched)
assert forecast["delivered_already"] >= 3500, forecast["delivered_already"]
sys.exit(worst > 0.10)
END
e2e_end
