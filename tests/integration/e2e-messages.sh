#!/bin/bash
# Messages: keys that `sluice key` makes, what render, lint and test show, a job that waits for approval, signatures
# that verify, keys that change while mail goes out.
. "${SLUICE_SRC:?}/tests/integration/lib/e2e.bash"

e2e_begin
many=1500
[ "${SLUICE_TEST_SCALE:-}" != small ] || many=300

# --- keys before there is a daemon
cat >"$work/sluice.conf" <<'END'
dkim_dir = "keys"; tracking_server = { url = "https://t.bomnal.example"; key_file = "keys/token.keys"; };
END
for s in s1 s2; do
    says "$s._domainkey.bomnal.example" sluice key new bomnal.example $s
done
says "_domainkey" sluice key new bomnal.example ed1 --ed25519
exits 1 "never overwritten" sluice key new bomnal.example s1
exits 2 "is no domain" sluice key new ../bomnal s1
says "key 1 made" sluice key token
says "it reads" sluice key token
equal "700 600" "$(stat -c %a "$work/keys") $(stat -c %a "$work/keys/bomnal.example.s1.pem")" "modes of the keys"
# Twenty at once lose none; what is broken is left alone.
for i in $(seq 20); do
    sluice key token "$work/many.keys" >"$work/many.$i" &
    pids="${pids:-} $!"
done
for pid in $pids; do wait "$pid" || fail "key token, beside others"; done
equal "20 20 20" "$(wc -l <"$work/many.keys") $(cut -d' ' -f1 "$work/many.keys" | sort -u | wc -l) $(
    cat "$work"/many.[0-9]* | sort -u | wc -l)" "keys made by twenty at once: lines, numbers, numbers told"
cp "$work/many.keys" "$work/many.before"
sed -i '7s/^/x/' "$work/many.keys"
exits 1 "many.keys:7: the ID is a number from 1 to 255" sluice key token "$work/many.keys"
sed -i '7s/^x//' "$work/many.keys"
cmp -s "$work/many.keys" "$work/many.before" || fail "a broken file was changed"
says "xn--xx3br43b.xn--3e0b707e" sluice key new 한빛.한국 s1 --ed25519
sluice key new zone.example s9 >"$work/zone" || fail "key new"
grep -v '^;' "$work/zone" | grep -Eq '^s9\._domainkey\.zone\.example\. +(IN +)?TXT ' || fail "no zone line in: $(cat "$work/zone")"

record() { # SELECTOR: the value of its record
    openssl pkey -in "$work/keys/bomnal.example.$1.pem" -pubout -outform DER 2>/dev/null |
        if [ "$1" = ed1 ]; then
            printf 'v=DKIM1; k=ed25519; p=%s' "$(tail -c 32 | base64 -w0)"
        else
            printf 'v=DKIM1; k=rsa; p=%s' "$(base64 -w0)"
        fi
}
# The DNS does not know s2.
cat >"$work/scene.conf" <<END
lab: { dns = "127.0.0.1:0"; smtp_port = 0; seed = 5; keep_limit = 5000; };
receivers = (
    { name = "mail"; hosts = "mx.mail.example 127.72.0.1"; },
    { name = "ours"; hosts = "mx.bomnal.example 127.72.1.1";
      rules = ( { at = "rcpt"; local = "gone*"; reply = "550 5.1.1 No such user"; } ); }
);
domains = ( { name = "mail.example"; receiver = "mail"; }, { name = "bomnal.example"; receiver = "ours"; } );
names = (
    { name = "_dmarc.bomnal.example"; txt = ( "v=DMARC1; p=reject" ); },
    { name = "bounce.bomnal.example"; txt = ( "v=spf1 ip4:127.0.0.0/8 -all" ); },
    { name = "news.bomnal.example"; txt = ( "v=spf1 ip4:127.0.0.0/8 -all" ); },
    { name = "_dmarc.news.bomnal.example"; txt = ( "v=DMARC1; p=reject" ); },
    { name = "s1._domainkey.bomnal.example"; txt = ( "$(record s1)" ); },
    { name = "ed1._domainkey.bomnal.example"; txt = ( "$(record ed1)" ); }
);
END
start_lab "$work/scene.conf" --keep "$work/kept"

# --- the configuration, with its keys
conf() { # SELECTOR...
    local entries="" s
    for s; do
        entries="$entries${entries:+, }{ domain = \"bomnal.example\"; selector = \"$s\"; from = ( \"bomnal.example\" ); }"
    done
    conf_more='dkim_dir = "keys"; dkim = ( '$entries' );
tracking_server = { url = "https://t.bomnal.example"; key_file = "keys/token.keys"; };
test_group = ( "kim@bomnal.example", "lee@bomnal.example" );'
    write_conf
}
mkdir -p "$work/templates/sale/images"
template_dir="$work/templates"
message_rate=2000/s
conf s1 ed1
says "good" "$SLUICE_BIN/sluiced" -c "$work/sluice.conf" -n
chmod 644 "$work/keys/bomnal.example.s1.pem"
exits 1 "sluice.conf:[0-9]+: .*s1.pem is open to all" "$SLUICE_BIN/sluiced" -c "$work/sluice.conf" -n
exits 1 "not started" "$SLUICE_BIN/sluiced" -c "$work/sluice.conf"
chmod 600 "$work/keys/bomnal.example.s1.pem"
start_daemon

# --- a template and a job
printf '(광고) {{name}}님, 봄맞이 세일\n' >"$work/templates/sale/subject.txt"
printf '{{name}}님께만 드리는 쿠폰\n' >"$work/templates/sale/preheader.txt"
base64 -d >"$work/templates/sale/images/leaf.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==
END
cat >"$work/templates/sale/html.html" <<'END'
<!DOCTYPE html>
<html lang="ko"><head><meta charset="utf-8"><title>세일</title></head>
<body>
<p>{{name}}님, 안녕하세요. <script>alert("{{name}}")</script></p>
<p><img src="images/leaf.png" alt="잎" width="40" height="40"></p>
<p><a href="https://bomnal.example/spring">세일 상품 보러 가기</a></p>
<p>주식회사 봄날상회, 서울특별시 중구 봄날로 12, 02-555-0100, news@bomnal.example<br>
<a href="https://bomnal.example/optout">수신거부</a> <a href="https://bomnal.example/optout">unsubscribe</a></p>
</body></html>
END
cat >"$work/templates/sale/text.txt" <<'END'
{{name}}님, 안녕하세요. https://bomnal.example/spring

주식회사 봄날상회, 서울특별시 중구 봄날로 12, 02-555-0100, news@bomnal.example
수신거부 unsubscribe: https://bomnal.example/optout
END
recipients() { # FILE COUNT
    echo email,name
    for i in $(seq "$1"); do echo "m$i@mail.example,김$i"; done
}
job() { # ID [MORE]
    cat <<END
id = "$1"; client = "bomnal"; class = "ad"; from = "봄날상회 <news@bomnal.example>"; template = "sale";
recipients = "$1.csv"; tracking = true; ${2:-}
sender = { name = "주식회사 봄날상회"; email = "news@bomnal.example"; telephone = "02-555-0100"; address = "서울특별시 중구 봄날로 12"; };
END
}
recipients 3 >"$work/spring.csv"
job spring 'approval = true;' >"$work/spring.job"

# --- looked at before it is dropped
says "m1@mail.example" sluice render "$work/spring.job"
sluice render "$work/spring.job" --to M2@mail.example -o "$work/m2.eml" || fail "render"
exits 1 "no recipient nobody@mail.example" sluice render "$work/spring.job" --to nobody@mail.example
says "$work/m2.eml.html" sluice render "$work/spring.job" --to m2@mail.example --open -o "$work/m2.eml"
mkfifo "$work/pipe"
cat "$work/pipe" >"$work/piped.eml" &
sluice render "$work/spring.job" --to m2@mail.example -o "$work/pipe" || fail "render into a pipe"
wait $!
cmp -s <(grep ^To: "$work/piped.eml") <(grep ^To: "$work/m2.eml") || fail "not the message in the pipe"
exits 1 "pipe is no file that a page could lie beside" sluice render "$work/spring.job" --open -o "$work/pipe"
[ -p "$work/pipe" ] || fail "the pipe was replaced"
[ ! -e "$work/pipe.html" ] && [ ! -e "$work/pipe.part" ] || fail "something lies beside the pipe"
printf 'email,name\nnobody,x\n@mail.example,y\n' >"$work/bad.csv"
job bad >"$work/bad.job"
exits 1 "warning: bad.csv:2: .*" sluice render "$work/bad.job"
exits 1 "bad.csv: there is not a single usable row in it \(bad rows: 2\)" sluice lint "$work/bad.job"
exits 1 "warning: bad.csv:3: " sluice render "$work/bad.job" --to m1@mail.example
printf 'email,nmae\nm1@mail.example,x\n' >"$work/odd.csv"
job odd >"$work/odd.job"
says "^warning: .*'name'" sluice render "$work/odd.job" -o "$work/odd.eml"
sluice lint "$work/odd.job" >"$work/odd.out" 2>"$work/odd.err"
grep -q "^warning: .*'name'" "$work/odd.err" || fail "lint does not warn: $(cat "$work/odd.out" "$work/odd.err")"
! grep -q "^warning: " "$work/odd.out" || fail "warnings among the findings"
sluice lint "$work/odd.job" --json 2>/dev/null | grep -q '"job_warnings": \[' || fail "no job_warnings"
cat >"$work/look.py" <<'END'
"""One message, as python reads it: the parts, the signatures and the links that must be there."""
import email, email.policy, re, sys

def look(path, selectors, tracked=True):
    with open(path, "rb") as f:
        m = email.message_from_binary_file(f, policy=email.policy.default)
    for part in m.walk():
        assert not part.defects, (path, part.defects)
    signed = [re.search(r"\bs=([^;\s]+)", v).group(1) for v in m.get_all("DKIM-Signature", [])]
    assert signed in selectors, (path, signed, selectors)
    assert m["Subject"].startswith("(광고) 김") and m["From"].addresses[0].domain == "bomnal.example", m["Subject"]
    assert m["List-Unsubscribe"] and m["List-Unsubscribe-Post"], path
    html = m.get_body(("html",)).get_content()
    text = m.get_body(("plain",)).get_content()
    assert "님, 안녕하세요" in html and "님, 안녕하세요" in text, path
    images = [p for p in m.walk() if p.get_content_type() == "image/png"]
    assert len(images) == 1 and "cid:" + images[0]["Content-ID"].strip("<>") in html, path
    if tracked:
        assert "https://t.bomnal.example/c/" in html and "https://t.bomnal.example/o/" in html, html
        assert "https://bomnal.example/spring" not in html, html
    return m

if __name__ == "__main__":
    look(sys.argv[1], [sys.argv[2].split(",")])
END
python3 "$work/look.py" "$work/m2.eml" s1,ed1 || fail "not what render should write"
python3 - "$work/m2.eml.html" <<'END' || fail "not what render --open should write"
import html.parser, sys
page = open(sys.argv[1], encoding="utf-8").read()
tags = []
class Reader(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        tags.append((tag, dict(attrs)))
Reader().feed(page)
assert not any(t == "script" for t, _ in tags), "a script in the page itself"
frame = next(a for t, a in tags if t == "iframe")
assert frame["sandbox"] == "" and "data:image/png;base64,iVBOR" in frame["srcdoc"], frame
assert "김2님께만 드리는 쿠폰" in page and "default-src 'none'" in page
END

# --- lint: the sender in the DNS
sluice lint "$work/spring.job" --json >"$work/lint.json"
python3 - "$work/lint.json" <<'END' || fail "not what lint should say: $(cat "$work/lint.json")"
import json, sys
j = json.load(open(sys.argv[1], encoding="utf-8"))
asked = {a["name"]: a["answer"] for a in j["asked"]}
assert asked["s1._domainkey.bomnal.example"] == asked["_dmarc.bomnal.example"] == "found", asked
checks = {(f["level"], f["check"]) for f in j["findings"]}
assert ("error", "dkim-record") not in checks and ("error", "dmarc") not in checks, checks
assert any(c == "stripped-tags" for _, c in checks), checks
assert any(c == "spf" for _, c in checks), checks # bomnal.example has none
assert not any("t.bomnal.example" in f["text"] for f in j["findings"]), j["findings"] # links as they are without tracking
END
exits 1 "^error +stripped-tags +" sluice lint "$work/spring.job" --to m3@mail.example

# --- the keys against the DNS
says "bomnal.example +s1 +rsa-sha256 +2,048 +good" sluice key check
conf s1 ed1 s2
says "the new configuration counts" sluice reload
exits 1 "bomnal.example +s2 +rsa-sha256 +2,048 +missing" sluice key check bomnal.example
exits 1 "no DKIM key of 'bomnal.exmple'.*did you mean 'bomnal.example'" sluice key check bomnal.exmple
exits 1 "dkim-record" sluice lint "$work/spring.job"
conf s1
says "the new configuration counts" sluice reload

# --- it waits for approval; a test goes the real way
says "approval" sluice plan "$work/spring.job"
says "accepted as job spring" sluice submit "$work/spring.job" --wait
says "^spring +bomnal +ad +held " sluice status
says "waits for approval" sluice status spring
says "waits for approval; test it: .sluice test spring.; release it" sluice why spring
says "waits for approval" sluice show spring
says "^  tracks_clicks +yes" sluice show spring
exits 1 "was not tested" sluice approve spring
exits 1 "no in-house|no client|is no address" sluice test spring --to nonsense
exits 1 "gone@bomnal.example +bounced +550" sluice test spring --to gone@bomnal.example
exits 1 "no test of job .* has reached anybody" sluice approve spring
sluice pause spring >/dev/null && sluice resume spring >/dev/null || fail "pause and resume"
says "kim@bomnal.example +delivered +250" sluice test spring
says "delivered" sluice test spring --to choi@bomnal.example --as m3@mail.example
equal 0 "$(at_receiver mail 'r["messages"]')" "messages before the approval"
python3 - "$work" <<'END' || fail "not the tests that our own people should get"
import glob, sys
sys.path.insert(0, sys.argv[1])
from look import look
subjects = sorted(look(p, [["s1"]])["Subject"] for p in glob.glob(sys.argv[1] + "/kept/ours/*.eml"))
assert [s[5:7] for s in subjects] == ["김1", "김2", "김3"], subjects
END

# --- a client whose hours are over: its mail waits, tests of it go
conf_before=$(cat "$work/sluice.conf")
cat >>"$work/sluice.conf" <<'END'
clients = ( { name = "bomnal"; send_windows = ( { from = "2020-01-01T00:00:00Z"; until = "2020-01-02T00:00:00Z"; } ); } );
END
says "the new configuration counts" sluice reload
says "kim@bomnal.example +delivered +250" sluice test spring
job shut >"$work/shut.job"
recipients 1 >"$work/shut.csv"
says "accepted as job shut" sluice submit "$work/shut.job" --wait
says "closed|send window" sluice why shut
equal 0 "$(at_receiver mail 'r["messages"]')" "messages outside the client's hours"
sluice cancel shut >/dev/null || fail "cancel"
wait_done shut 60 cancelled
printf '%s\n' "$conf_before" >"$work/sluice.conf"
says "the new configuration counts" sluice reload

# --- what messages have in common counts for the next job
sed -i 's/^test_group.*/test_group = ( "han@bomnal.example" ); feedback_id = "reloaded";/' "$work/sluice.conf"
says "the new configuration counts" sluice reload
says "^Feedback-ID: reloaded" sluice render "$work/spring.job"
says "han@bomnal.example +delivered" sluice test spring

# --- held over a crash; approved over a crash
kill_daemon
start_daemon
says "waits for approval" sluice status spring
sluice pause spring >/dev/null || fail "pause"
says "spring approved; it is paused" sluice approve spring
kill_daemon
start_daemon
says "approved +20.* by " sluice show spring
exits 1 "approved already" sluice approve spring
sluice resume spring >/dev/null || fail "resume"
wait_done spring 60
equal 3 "$(delivered spring)" "delivered after the approval"
exits 1 "is done|not open" sluice approve spring
job never 'approval = true;' >"$work/never.job"
recipients 2 >"$work/never.csv"
says "held +waits for approval" sluice submit "$work/never.job" --wait
sluice cancel never >/dev/null || fail "cancel"
wait_done never 60 cancelled
equal 0 "$(delivered never)" "delivered of a job that was cancelled while it waited"
job now 'approval = true;' >"$work/now.job"
recipients 2 >"$work/now.csv"
says "accepted" sluice submit "$work/now.job" --wait
says "now approved" sluice approve now --untested
wait_done now 60
says "untested" sluice show now

# --- keys that change while mail goes out: none of it is unsigned
message_rate=$((many / 8))/s
conf s1
says "the new configuration counts" sluice reload
recipients $many >"$work/large.csv"
job large >"$work/large.job"
says "accepted as job large" sluice submit "$work/large.job" --wait
until_true 60 delivered_at_least large $((many / 4)) || fail "the job does not move"
chmod 644 "$work/keys/bomnal.example.s2.pem"
conf s2
exits 1 "s2.pem is open to all" sluice reload
chmod 600 "$work/keys/bomnal.example.s2.pem"
until_true 60 delivered_at_least large $((many / 2)) || fail "the job does not move"
says "the new configuration counts" sluice reload
wait_done large 120
python3 - "$work" $many <<'END' || fail "not all messages are signed, with the old key and then the new one"
import glob, sys
sys.path.insert(0, sys.argv[1])
from look import look
count = {"s1": 0, "s2": 0}
for path in glob.glob(sys.argv[1] + "/kept/mail/*.eml"):
    m = look(path, [["s1"], ["s2"]])
    count["s2" if "s=s2;" in " ".join(m["DKIM-Signature"].split()) else "s1"] += 1
assert count["s1"] + count["s2"] == int(sys.argv[2]) + 5, count
assert count["s1"] >= int(sys.argv[2]) // 2 and count["s2"] > int(sys.argv[2]) // 10, count
END

# --- another key in the same file, the same configuration: signed with it from the reload on
recipients 1 >"$work/swapped.csv"
job swapped >"$work/swapped.job"
cp "$work/keys/bomnal.example.s2.pem" "$work/s2.before"
sluice key new swapped.example s2 >/dev/null || fail "key new"
cat "$work/keys/swapped.example.s2.pem" >"$work/keys/bomnal.example.s2.pem"
sluice render "$work/swapped.job" -o "$work/before.eml" || fail "render"
kill -HUP "$daemon_pid"
is_swapped() {
    sluice key check bomnal.example --json | grep -qF "$(openssl pkey -in "$work/keys/swapped.example.s2.pem" -pubout \
        -outform DER | base64 -w0)"
}
until_true 20 is_swapped || fail "SIGHUP does not bring the new content of a key file"
sluice render "$work/swapped.job" -o "$work/swapped.eml" || fail "render"
sluice submit "$work/swapped.job" --wait >/dev/null || fail "submit"
wait_done swapped 60
sent=$(grep -lr 'Message-ID:.*swapped' "$work/kept/mail" | head -n 1)
[ -n "$sent" ] || fail "no message of the job swapped"
mkdir "$work/new"
mv "$sent" "$work/new/sent.eml"
mv "$work/swapped.eml" "$work/new/rendered.eml"
s2_new=$(record s2)
cp "$work/s2.before" "$work/keys/bomnal.example.s2.pem"

# --- another's eyes on the signatures
cat >"$work/verify.py" <<'END'
import glob, sys
import dkim
work, records = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))
def txt(name, timeout=5):
    return records[name.decode().rstrip(".").split(".")[0]].encode()
paths = sorted(glob.glob(work + "/kept/*/*.eml"))[::37] + [work + "/m2.eml", work + "/before.eml"]
if records.get("new"):
    paths = glob.glob(work + "/new/*.eml")
    assert len(paths) == 2, paths
for path in paths:
    with open(path, "rb") as f:
        message = f.read()
    number = message.count(b"\nDKIM-Signature:") + message.startswith(b"DKIM-Signature:")
    for i in range(number):
        assert dkim.DKIM(message).verify(i, dnsfunc=txt), (path, i)
print(len(paths), "messages verified")
END
verifier=""
for python in python3 /usr/bin/python3; do
    ! "$python" -c "import dkim" 2>/dev/null || verifier=$python
done
if [ -n "$verifier" ]; then
    "$verifier" "$work/verify.py" "$work" s1 "$(record s1)" s2 "$(record s2)" ed1 "$(record ed1)" || fail "a signature does not verify"
    "$verifier" "$work/verify.py" "$work" new yes s2 "$s2_new" || fail "a signature with the new key does not verify"
else
    say "python3-dkim is not installed: signatures are not verified here"
fi
e2e_end
