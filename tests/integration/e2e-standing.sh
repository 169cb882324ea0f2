#!/bin/bash
# A standing job and the files that are dropped for it: mails at once, also while a large job is being sent, also after a
# restart; each file once.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"
bulk=20000
[ "${SLUICE_TEST_SCALE:-}" != small ] || bulk=3000

trigger() { # NAME ROW...
    local name=$1
    shift
    printf '%s\n' "$@" >"$work/.trigger.tmp"
    mv "$work/.trigger.tmp" "$work/drop/cart.$name.ndjson"
}

accepted() { # ADDRESS: how often the receiver took mail for it
    lab dump "$work/dump.tsv"
    awk -F'\t' -v who="$1" '$1 == who { n = $3 } END { print n + 0 }' "$work/dump.tsv"
}

is_accepted() { # ADDRESS COUNT
    [ "$(accepted "$1")" -ge "$2" ]
}

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/small.conf" --keep "$work/kept"
write_conf
start_daemon
cat >"$work/cart.job" <<'END'
id = "cart"; client = "bomnal"; class = "transactional"; from = "봄날상회 <news@bomnal.example>";
template = "cart-reminder"; standing = true; priority = "urgent"; max_bad_rows = 3;
END
drop "$work/cart.job"
until_true 10 job_is cart active || fail "the standing job was not taken in"

# --- one mail, with nested data
trigger 1 '{"email":"first@plain.example","name":"김철수","items":[{"title":"운동화","quantity":1,"price":"59,000"},{"title":"양말","option":"흰색","quantity":2,"price":"3,000"}],"total":"65,000"}'
until_true 10 is_accepted first@plain.example 1 || fail "no mail for the first trigger"
[ -s "$work/accepted/cart/1.ndjson" ] || fail "the file is not in accepted/cart"
python3 - "$work"/kept/plain/*.eml <<'END' || fail "the message is not what it should be"
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
assert m["subject"] == "김철수님, 장바구니에 담아 두신 상품이 있습니다", m["subject"]
text = m.get_body(("plain",)).get_content()
assert "운동화  1개  59,000원" in text and "양말 (흰색)  2개  3,000원" in text and "합계 65,000원" in text, text
END

# --- two orders are two mails; the same row twice is one
trigger 2 '{"email":"second@plain.example","n":1}' '{"email":"second@plain.example","n":2}' '{"email":"second@plain.example","n":2}'
until_true 10 is_accepted second@plain.example 2 || fail "not two mails for two orders"

# --- bad rows, and files that are refused
trigger bad '{"email":"third@plain.example"}' '{"email":' '{"name":"nobody"}'
until_true 10 is_accepted third@plain.example 1 || fail "no mail beside bad rows"
equal 3 "$(grep -c 'cart.bad.ndjson\|cart.2.ndjson' "$work/out/cart/rejected.csv")" "rows in rejected.csv"
trigger worse '{"a":1}' '{"a":2}' '{"a":3}' '{"a":4}' '{"email":"never@plain.example"}'
until_true 10 test -s "$work/failed/cart.worse/cart.worse.error" || fail "a file with too many bad rows was not refused"
grep -q 'max_bad_rows' "$work/failed/cart.worse/cart.worse.error" || fail "the reason is not said"
printf '\0\1\2binary' >"$work/drop/cart.binary.ndjson"
until_true 10 test -s "$work/failed/cart.binary/cart.binary.error" || fail "a binary file was not refused"
printf '{"email":"never@plain.example"}\n' >"$work/drop/cart.half.ndjson.part"
printf '{"email":"never@plain.example"}\n' >"$work/drop/.cart.hidden.ndjson"

# --- urgent before bulk, on the same receivers
{ echo email; for i in $(seq $bulk); do echo "bulk$i@plain.example"; done; } >"$work/bulk.csv"
cat >"$work/bulk.job" <<'END'
id = "bulk"; client = "bomnal"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale"; recipients = "bulk.csv";
END
drop "$work/bulk.csv" "$work/bulk.job"
until_true 30 delivered_at_least bulk 50 || fail "the bulk job does not begin"
trigger 3 '{"email":"overtakes@plain.example"}'
until_true 5 is_accepted overtakes@plain.example 1 || fail "the trigger did not overtake the bulk job"
left=$((bulk - $(delivered bulk)))
[ $left -gt 0 ] || say "note: the bulk job was through before its trigger"

# --- dropped while nobody runs: sent at the next start; and no file twice
stop_daemon
trigger 4 '{"email":"later@plain.example"}'
start_daemon
until_true 10 is_accepted later@plain.example 1 || fail "a file dropped before the start was not taken in"
kill_daemon
start_daemon
wait_done bulk 120
equal 1 "$(accepted first@plain.example)" "mails to first@"
equal 2 "$(accepted second@plain.example)" "mails to second@"
equal 1 "$(accepted later@plain.example)" "mails to later@"
equal 0 "$(accepted never@plain.example)" "mails to never@"
compare bulk --others --killed --list "$work/bulk.csv"

# --- a file for a job that is over is refused
says "cart cancelled" sluice cancel cart
until_true 10 job_is cart cancelled || fail "the standing job was not cancelled"
trigger 5 '{"email":"never@plain.example"}'
until_true 10 test -s "$work/failed/cart.5/cart.5.error" || fail "a file for a cancelled job was not refused"
equal 0 "$(accepted never@plain.example)" "mails to never@"
e2e_end
