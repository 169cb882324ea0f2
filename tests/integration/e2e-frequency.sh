#!/bin/bash
# "At most one advertisement to an address in 7 days": two jobs of one list at the same time, and kill -9 in between,
# do not mail anybody twice; a third job mails nobody of them, and says why.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

make_job() { # ID: 400 addresses that all jobs have, 200 of its own
    {
        echo email
        for i in $(seq 400); do echo "shared$i@south.example"; done
        for i in $(seq 200); do echo "$1-$i@south.example"; done
    } >"$work/$1.csv"
    cat >"$work/$1.job" <<END
id = "$1"; client = "bomnal"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale"; recipients = "$1.csv";
END
    drop "$work/$1.csv" "$work/$1.job"
}

count_states() { # STATE
    cat "$work"/out/*/result.csv | cut -d, -f2 | grep -c "^$1$"
}

e2e_begin
start_lab "$SLUICE_SRC/tests/integration/scenes/gates.conf"
conf_more='
frequency_cap = { ads = 1; period = "7 d"; };
'
providers='
    { name = "south"; mx_suffix = ( ".south.example" ); connection_limit = 6; max_message_rate = "150/s";
      max_connection_rate = "100/s"; }
'
write_conf
start_daemon
make_job one
make_job two
until_true 20 accepted_at_least south 150 || fail "nothing is delivered"
kill_daemon
start_daemon
until_true 20 accepted_at_least south 400 || fail "nothing is delivered after the first kill"
kill_daemon
start_daemon
wait_done one 60
wait_done two 60
make_job three
wait_done three 60

lab dump "$work/dump.tsv" >/dev/null
doubled=$(awk -F'\t' 'NR > 1 && $3 > 1' "$work/dump.tsv" | wc -l)
[ "$doubled" = 0 ] || fail "$doubled addresses got two advertisements"
[ "$(count_states suppressed)" = 800 ] || fail "$(count_states suppressed) suppressed, not 800"
delivered=$(count_states delivered) doubt=$(count_states in-doubt)
[ $((delivered + doubt)) = 1000 ] || fail "$delivered delivered and $doubt in doubt, not 1000"
grep -q "frequency cap" "$work/out/three/result.csv" || fail "result.csv does not say why"
echo "1000 mailed once ($doubt in doubt after two kills), 800 held back by the cap, none twice"
e2e_end
