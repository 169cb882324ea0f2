#!/bin/bash
# A small campaign through lab, sluiced and sluice: every command and what it says.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/small.conf" --keep "$work/kept"
write_conf

# --- the configuration is checked before anything starts, and nobody answers yet
says "sluice.conf: good" "$SLUICE_BIN/sluiced" -c "$work/sluice.conf" -n
sed 's/ehlo_name/ehlo_nam/; s/idle = "1 s"/idle = "1 x"/' "$work/sluice.conf" >"$work/bad.conf"
exits 1 "bad.conf:[0-9]+: .*ehlo_nam.*did you mean ehlo_name" "$SLUICE_BIN/sluiced" -c "$work/bad.conf" -n
exits 1 "bad.conf:[0-9]+: .*idle" "$SLUICE_BIN/sluiced" -c "$work/bad.conf" -n
exits 1 "not started" "$SLUICE_BIN/sluiced" -c "$work/bad.conf"
exits 2 "usage" "$SLUICE_BIN/sluiced" --nonsense
exits 3 "sluice:" sluice status
start_daemon
exits 1 "another sluiced" timeout 20 "$SLUICE_BIN/sluiced" -c "$work/sluice.conf"
# Nor one with a spool of its own on the same drop directory: everybody would be mailed twice.
sed -e 's#"spool"#"spool-2"#' -e 's#"control.sock"#"second.sock"#' "$work/sluice.conf" >"$work/second.conf"
grep -q 'spool-2' "$work/second.conf" && grep -q 'second.sock' "$work/second.conf" || fail "the second configuration is the first one"
exits 1 "takes its jobs from there" timeout 20 "$SLUICE_BIN/sluiced" -c "$work/second.conf"

# --- a calendar that is not right is told of at once, and stops nothing
mkdir "$work/maintenance"
printf 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' >"$work/maintenance/nobody.ics"
says "nobody.ics: warning: no provider has this name" "$SLUICE_BIN/sluiced" -c "$work/sluice.conf" -n
says "nobody.ics: no provider has this name" sluice reload
rm -r "$work/maintenance"

# --- a job that is refused: every problem, and its files
mkdir "$work/mine"
cat >"$work/mine/wrong.job" <<'END'
id = "wrong one"; client = "bomnal"; class = "ads"; from = "news@";
template = "no-such-template"; recipients = "nobody.csv";
END
exits 1 "nobody.csv: No such file" sluice submit "$work/mine/wrong.job" --wait
printf 'name\nkim\n' >"$work/mine/nobody.csv"
exits 1 "wrong.job:1: .*ads" sluice submit "$work/mine/wrong.job" --wait
for what in "wrong.job:1: id: .*wrong one" "wrong.job:1: class: .*ads" "wrong.job:1: from: .*news@" "no-such-template" "nobody.csv"; do
    grep -Eq "$what" "$work"/failed/wrong/wrong.error || {
        cat "$work"/failed/wrong/wrong.error
        fail "not said: $what"
    }
done

# --- a campaign with everything small in it
{
    printf 'email,name,grade\r\n'
    for i in $(seq 60); do printf 'kim%d@plain.example,김%d,골드\r\n' "$i" "$i"; done
    for i in $(seq 10); do printf 'lee%d@grey.example,"이, %d",\r\n' "$i" "$i"; done
    printf 'nouser1@plain.example,없음,\r\nfull1@other.example,"가득\n찬",\r\nagain1@other.example,다시,\r\n'
    printf 'lost1@plain.example,잃음,\r\nzoe@gone.example,조,\r\nstopped@plain.example,그만,\r\n'
    printf 'KIM1@Plain.Example,겹침,\r\nno-at-sign,나쁨,\r\ntwo,many,fields,here\r\n'
} >"$work/mine/spring.csv"
cat >"$work/mine/spring.job" <<'END'
id = "spring"; client = "bomnal"; class = "ad"; from = "봄날상회 <news@bomnal.example>"; list = "shop";
template = "spring-sale"; recipients = "spring.csv"; expires = "5 min";
variables = { product = "봄꽃 차"; price = "39,000"; until = "4월 30일"; };
END
says "suppressed" sluice list suppress stopped@plain.example --class ad --reason "asked by phone"
says "accepted as job spring" sluice submit "$work/mine/spring.job" --wait --timeout 1min
exits 1 "used before" sluice submit "$work/mine/spring.job" --wait
wait_done spring 60
says "spring +76 of 76 \(100.0 %\)" sluice status spring --watch

# --- what became of it
says "delivered +71 " sluice status spring
says "bounced +3 " sluice status spring
says "suppressed +1 " sluice status spring
says "in-doubt +1 " sluice status spring
says "bad rows +2" sluice status spring
says "duplicates +1" sluice status spring
says "^spring +bomnal +ad +done +71 " sluice status
json=$(sluice status spring --json)
equal 76 "$(field 'j["jobs"][0]["recipients"]' <<<"$json")" recipients
equal 71 "$(field 'j["jobs"][0]["counts"]["delivered"]' <<<"$json")" delivered
equal 1 "$(field 'j["jobs"][0]["categories"]["user-unknown"]' <<<"$json")" "unknown users"
# Accepted and its reply lost: in doubt, and by the policy "hold" nobody sends it again.
compare spring --in-doubt 1
grep -q '^zoe@gone.example,bounced,host-unknown,' "$work/out/spring/result.csv" || fail "no host-unknown in result.csv"
grep -q '^again1@other.example,delivered,ok,250,2.0.0,Ok: queued,.*,2,' "$work/out/spring/result.csv" || fail "again1 needed no second attempt"
grep -q '^stopped@plain.example,suppressed,suppressed,' "$work/out/spring/result.csv" || fail "stopped was not suppressed"
equal 77 "$(wc -l <"$work/out/spring/result.csv")" "lines of result.csv"
equal 4 "$(wc -l <"$work/out/spring/rejected.csv")" "lines of rejected.csv"
for what in '^79,duplicate of line 2,' '^80,.*no-at-sign' '^81,.*two'; do
    grep -Eq "$what" "$work/out/spring/rejected.csv" || {
        cat "$work/out/spring/rejected.csv"
        fail "not in rejected.csv: $what"
    }
done
[ -s "$work/accepted/spring/spring.job" ] && [ -s "$work/accepted/spring/spring.csv" ] || fail "no files in accepted/spring"

# --- results
sluice results spring | cmp - "$work/out/spring/result.csv" || fail "results and result.csv differ"
sluice results spring --output "$work/results.csv" && cmp "$work/results.csv" "$work/out/spring/result.csv" || fail "results --output"
# What is no file is written to, never replaced.
mkfifo "$work/pipe"
cat "$work/pipe" >"$work/piped.csv" &
reader=$!
sluice results spring --output "$work/pipe" && [ -p "$work/pipe" ] || {
    kill "$reader" # nobody will ever write to it
    fail "--output to a pipe replaced it"
}
wait "$reader" && cmp "$work/piped.csv" "$work/out/spring/result.csv" || fail "results --output to a pipe"
sluice results spring --format ndjson >"$work/results.ndjson"
equal 71 "$(grep -c '"state":"delivered"' "$work/results.ndjson")" "delivered in NDJSON"
equal 76 "$(sluice results spring --json | python3 -c 'import json, sys; print(sum(1 for line in sys.stdin if json.loads(line)))')" "rows of --json"
exits 1 "no job 'sprng'; did you mean 'spring'" sluice results sprng
exits 2 "format" sluice results spring --format xml

# --- show
says "job spring of bomnal: done" sluice show spring
says "template +spring-sale" sluice show spring
says "5.1.1.*No such user|No such user" sluice show spring nouser1@plain.example
equal 2 "$(sluice show spring again1@other.example --json | field 'len(j["attempts"])')" "attempts of again1"
says "^Subject: " sluice show spring kim7@plain.example --message
sluice show spring kim7@plain.example --message --output "$work/kim7.eml" || fail "show --message --output"
python3 - "$work/kim7.eml" <<'END' || fail "the rendered message is not what it should be"
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
assert m["subject"] == "(광고) 김7님, 봄맞이 최대 50% 세일이 시작되었습니다", m["subject"]
assert m["to"].addresses[0].addr_spec == "kim7@plain.example", m["to"]
text = m.get_body(("plain",)).get_content()
assert "김7님은 골드 회원" in text and "봄꽃 차" in text and "39,000원" in text, text
assert "<b>김7</b>님" in m.get_body(("html",)).get_content()
END
exits 1 "not in|no recipient|nobody" sluice show spring nobody@plain.example

# --- what the list knows now
# All but the one who was never tried.
says "^shop +75 " sluice list lists
equal 75 "$(sluice list lists --json | field '[l["contacts"] for l in j["lists"] if l["list"] == "shop"][0]')" contacts
says "last class +user-unknown" sluice list show nouser1@plain.example
says "asked by phone" sluice list show stopped@plain.example
sluice list export shop --output "$work/shop.csv" || fail "list export"
equal 76 "$(wc -l <"$work/shop.csv")" "lines of the exported list"
grep -q '^kim1@plain.example,active,ok,' "$work/shop.csv" || grep -q '^kim1@plain.example,active,,' "$work/shop.csv" || fail "kim1 is not active in the list"
equal 1 "$(sluice list show full1@other.example --json | field 'j["contacts"][0]["soft"]')" "soft failures of full1"
equal 1 "$(sluice list show again1@other.example --json | field 'j["contacts"][0]["delivered"]')" "deliveries of again1"
says "stopped@plain.example,\*,ad,asked by phone," sluice list suppressions

# --- import, suppression of a domain, release, and a job from the list
printf 'email,도시\nhan1@plain.example,제주\nhan2@other.example,부산\nbad row\n' >"$work/more.csv"
says "list more: 2 new, 0 already known, 1 bad" sluice list import more "$work/more.csv" --provenance "shop sign-up" --consent opt-in
says "list more: 0 new, 2 already known, 1 bad" sluice list import more "$work/more.csv"
says "provenance +shop sign-up" sluice list show han1@plain.example
exits 1 "nothing.csv" sluice list import more "$work/nothing.csv"
says "suppressed" sluice list suppress @other.example --client bomnal
cat >"$work/mine/again.job" <<'END'
id = "again"; client = "bomnal"; class = "notice"; from = "news@bomnal.example"; subject = "{{도시}} 소식";
template = "spring-sale"; from_list = "more";
END
says "accepted as job again" sluice submit "$work/mine/again.job" --wait
wait_done again 60
grep -q '^han1@plain.example,delivered,' "$work/out/again/result.csv" || fail "han1 was not mailed"
grep -q '^han2@other.example,suppressed,' "$work/out/again/result.csv" || fail "han2 was not suppressed"
says "taken away: 1" sluice list release @other.example
exits 1 "no suppression" sluice list release @other.example
exits 1 "no|unknown" sluice list show nobody@nowhere.example
exits 1 "no list|empty" sluice list export nothing

# --- the command line itself
says "sluice list import LIST FILE" sluice help list import
says "usage: sluice" sluice help
exits 2 "sluice:" sluice stauts
says "^sluice [0-9]" sluice --version

# --- and the receivers have seen no misbehaviour
lab stats | grep -q '^clients: 0 bad commands, 0 talked early, 0 bare LF, 0 long lines, 0 used what was not offered' || {
    lab stats
    fail "the lab complains of its client"
}
e2e_end
