"""Proves that sluice-lab does what its scenario says. See tests/integration/lab-selftest.sh."""
import json
import os
import random
import smtplib
import socket
import ssl
import subprocess
import sys
import time

import dnsclient

LAB, READY, SCENE, WORK = sys.argv[1:5]
PORTS = dict(line.strip().split("=") for line in open(READY))
DNS, SMTP, CONTROL = int(PORTS["dns"]), int(PORTS["smtp"]), PORTS["control"]
HOSTS = {"stages": "127.60.1.1", "banner": "127.60.2.1", "grey": "127.60.3.1", "few": "127.60.4.1",
         "rate": "127.60.5.1", "knock": "127.60.6.1", "bare": "127.60.7.1", "tls": "127.60.8.1",
         "tls-self": "127.60.8.2", "tls-broken": "127.60.8.3", "tls-inject": "127.60.8.4",
         "tls-refuse": "127.60.8.5", "many": "127.61.0.1", "down": "127.60.9.1", "far": "127.60.10.1",
         "pace": "127.60.11.1", "shut": "127.60.12.1"}


def ctl(*words, ok=True):
    r = subprocess.run([LAB, "ctl", CONTROL, *words], capture_output=True, text=True, timeout=60)
    if ok:
        assert r.returncode == 0, (words, r.stdout, r.stderr)
    return r


def stats(receiver=None):
    all_of_it = json.loads(ctl("stats", "--json").stdout)
    return all_of_it["receivers"].get(receiver) if receiver else all_of_it


def record(address):
    for line in ctl("dump").stdout.splitlines()[1:]:
        f = line.split("\t")
        if f[0] == address:
            return {"attempts": int(f[1]), "accepted": int(f[2]), "code": int(f[3]), "text": f[4],
                    "stage": f[5], "same_id": int(f[8])}
    return None


class Client:
    """SMTP by hand."""

    def __init__(self, receiver, hello=True, expect=220):
        self.s = socket.create_connection((HOSTS[receiver], SMTP), timeout=10)
        self.f = self.s.makefile("rb")
        if expect:
            self.banner = self.reply(expect)
        if hello and expect == 220:
            self.cmd("EHLO tester.example", 250)

    def reply(self, code=None):
        lines = []
        while True:
            line = self.f.readline()
            if not line:
                if code == "closed":
                    return lines
                raise AssertionError("connection closed, wanted %s, got %s" % (code, lines))
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] != b"-":
                break
        if code is not None:
            assert code != "closed" and lines[-1].startswith(str(code)), (code, lines)
        return lines

    def send(self, data):
        self.s.sendall(data if isinstance(data, bytes) else data.encode())

    def cmd(self, line, code=None):
        self.send(line + "\r\n")
        return self.reply(code)

    def begin(self, to, code=250, sender="me@sender.example"):
        self.cmd("MAIL FROM:<%s>" % sender, 250)
        return self.cmd("RCPT TO:<%s>" % to, code)

    def message(self, to, code=250, body="Subject: x\r\n\r\nhello\r\n"):
        self.begin(to)
        self.cmd("DATA", 354)
        self.send(body + ".\r\n")
        return self.reply(code)

    def is_closed(self):
        self.s.settimeout(5)
        try:
            return self.f.read(1) == b""
        except ConnectionResetError:
            return True

    def quit(self):
        self.cmd("QUIT", 221)
        assert self.is_closed()
        self.s.close()


# --- DNS

def mx(name, **kw):
    return sorted(r[3] for r in dnsclient.ask(DNS, name, "MX", **kw).answers)


def test_dns_records():
    assert mx("stages.example") == ["10 mx1.stages.example", "20 mx2.stages.example"]
    a = dnsclient.ask(DNS, "MX2.stages.EXAMPLE", "A")
    assert a.answers == [("mx2.stages.example", "A", 300, "127.60.1.2")] and a.question == "MX2.stages.EXAMPLE"
    assert dnsclient.ask(DNS, "mx2.stages.example", "AAAA").answers[0][3] == "::1"
    assert [r[3] for r in dnsclient.ask(DNS, "stages.example", "TXT").answers] == ["one", "two"]
    assert mx("null.example") == ["0 ."] and mx("literal.example") == ["10 127.0.0.9"]
    assert mx("a.b.wild.example") == mx("stages.example")
    signed = dnsclient.ask(DNS, "signed.example", "MX")
    assert signed.ad and signed.answers[0][2] == 77
    tlsa = [r[3] for r in dnsclient.ask(DNS, "_2525._tcp.mx.tls.example", "TLSA").answers]
    assert tlsa[1] == "03010100ff" and len(tlsa[0]) == 70


def test_dns_patterns():
    assert mx("d000000.million.example") == ["10 mx1.many00.example", "20 mx2.many00.example", "20 mx3.many00.example"]
    assert mx("d999999.million.example")[0] == "10 mx1.many09.example"
    assert dnsclient.ask(DNS, "d1000000.million.example", "MX").rcode == 3
    assert dnsclient.ask(DNS, "d00001.million.example", "MX").rcode == 3
    assert dnsclient.ask(DNS, "mx3.many07.example", "A").answers[0][3] == "127.61.7.3"


def test_dns_negative():
    for name, rcode in (("gone.example", 3), ("no.such.name", 3), ("mx.nothing.example", 3),
                        ("nodata.example", 0), ("servfail.example", 2), ("refused.example", 5),
                        ("formerr.example", 1)):
        a = dnsclient.ask(DNS, name, "MX")
        assert a.rcode == rcode and not a.answers, name
        assert bool(a.authority) == (rcode in (0, 3)), name
        assert not a.authority or a.authority[0][1] == "SOA"
    assert dnsclient.ask(DNS, "mxonly.example", "MX").rcode == 2
    assert dnsclient.ask(DNS, "mxonly.example", "A").answers
    assert dnsclient.ask(DNS, "servfail1.example", "MX").rcode == 2
    assert dnsclient.ask(DNS, "servfail1.example", "MX").answers


def test_dns_chains():
    a = dnsclient.ask(DNS, "c1.example", "MX").answers
    assert [r[1] for r in a] == ["CNAME", "CNAME", "MX", "MX"] and a[2][0] == "stages.example"
    assert dnsclient.ask(DNS, "c1.example", "CNAME").answers[0][3] == "c2.example"
    assert dnsclient.ask(DNS, "circle.example", "MX").rcode == 2


def test_dns_truncation():
    a = dnsclient.ask(DNS, "tc.example", "MX")
    assert a.tc and not a.answers and len(dnsclient.ask_tcp(DNS, "tc.example", "MX").answers) == 2
    assert dnsclient.ask(DNS, "big.example", "MX").tc
    assert len(dnsclient.ask_tcp(DNS, "big.example", "MX").answers) == 51
    assert dnsclient.ask(DNS, "million.example", "MX", edns=False).rcode == 3


def test_dns_hostile_answers():
    assert len(list(dnsclient.ask_raw(DNS, "timeout.example", "MX", 0.5))) == 1
    ident, packet = list(dnsclient.ask_raw(DNS, "wrongid.example", "A"))
    assert dnsclient.Answer(packet).id != ident
    ident, packet = list(dnsclient.ask_raw(DNS, "wrongq.example", "A"))
    assert dnsclient.Answer(packet).question != "wrongq.example"
    packets = list(dnsclient.ask_raw(DNS, "spoof.example", "MX"))
    assert len(packets) == 3 and dnsclient.Answer(packets[1]).id != packets[0] == dnsclient.Answer(packets[2]).id
    for name in ("garbage.example", "loop.example"):
        packet = list(dnsclient.ask_raw(DNS, name, "A"))[1]
        try:
            assert not dnsclient.Answer(packet).answers, name
        except (ValueError, IndexError, UnicodeDecodeError, AssertionError):
            pass
    begin = time.monotonic()
    dnsclient.ask(DNS, "slow.example", "MX")
    assert time.monotonic() - begin >= 0.29


def test_dns_counts():
    before = int(ctl("queries", "count.me.example", "MX").stdout)
    dnsclient.ask(DNS, "count.me.example", "MX")
    assert before == 0 and ctl("queries", "count.me.example", "MX").stdout == "1\n"
    assert "count.me.example\tMX\t1\n" in ctl("dns").stdout
    ctl("set-dns", "nothing.example", "servfail")
    assert dnsclient.ask(DNS, "nothing.example", "MX").rcode == 2
    ctl("set-dns", "nothing.example", "ok")
    assert dnsclient.ask(DNS, "nothing.example", "MX").rcode == 0


# --- SMTP

def test_rcpt_replies():
    c = Client("stages")
    assert c.begin("nouser1@stages.example", 550) == ["550 5.1.1 <nouser1@stages.example> unknown at mx1.stages.example"]
    assert c.cmd("RCPT TO:<lines@stages.example>", 550) == ["550-5.1.1 one", "550 two"]
    assert c.cmd("RCPT TO:<raw@stages.example>") == ["550 raw"]
    assert c.cmd("RCPT TO:<fine@stages.example>", 250) == ["250-2.1.5 fine", "250 2.1.5 indeed"]
    c.cmd("RCPT TO:<once@stages.example>", 451)
    c.cmd("RCPT TO:<once@stages.example>", 250)
    begin = time.monotonic()
    c.cmd("RCPT TO:<slow@stages.example>", 250)
    assert time.monotonic() - begin >= 0.29
    c.cmd("RCPT TO:<no-brackets@stages.example", 501)
    c.cmd("RCPT TO:<bye@stages.example>", 421)
    assert c.is_closed()
    r = record("once@stages.example")
    assert (r["attempts"], r["accepted"], r["code"], r["stage"]) == (2, 0, 250, "rcpt")
    assert record("nouser1@stages.example")["text"].endswith("unknown at mx1.stages.example")
    assert stats("stages")["rules"]["shared-unknown"] == 1


def test_other_stages():
    c = Client("stages")
    c.cmd("MAIL FROM:<bad@sender.example>", 550)
    c.begin("d4@stages.example")
    c.cmd("DATA", 451)
    c.cmd("DATA", 503)
    c.message("x5@stages.example", 554)
    assert record("x5@stages.example")["accepted"] == 0 and record("x5@stages.example")["stage"] == "dot"
    assert c.cmd("RSET", 250) == ["250 2.0.0 forgotten"]
    c.cmd("NOOP", 250)
    c.cmd("VRFY someone", 252)
    c.cmd("FROBNICATE", 500)
    assert c.cmd("QUIT", 221) == ["221 2.0.0 tester.example farewell"] and c.is_closed()


def test_probability_is_by_recipient():
    answers = []
    for _ in range(2):
        c = Client("stages")
        c.cmd("MAIL FROM:<a@b.example>", 250)
        row = []
        for i in range(60):
            row.append(c.cmd("RCPT TO:<half%d@stages.example>" % i)[0][:3])
            if row[-1] == "250":
                c.cmd("RSET", 250)
                c.cmd("MAIL FROM:<a@b.example>", 250)
        answers.append(row)
        c.quit()
    assert answers[0] == answers[1] and 15 < answers[0].count("550") < 45, answers[0]


def test_banner_and_ehlo():
    Client("banner", expect=554).s.close()
    assert Client("banner", expect=None).is_closed()
    c = Client("banner", hello=False)
    assert c.banner == ["220-a", "220 b"]
    c.cmd("MAIL FROM:<a@b.example>", 503)
    c.cmd("EHLO x", 502)
    c.cmd("HELO x", 250)
    c.message("someone@banner.example")
    c.quit()
    assert stats("banner")["dropped"]["banner"] == 1 and stats("banner")["refused"] == {"banner": 1, "ehlo": 1}


def test_drops():
    for local, word in (("drop", "(dropped)"), ("reset", "(dropped)"), ("mid", "(dropped in mid-reply)")):
        c = Client("stages")
        c.cmd("MAIL FROM:<a@b.example>", 250)
        c.send("RCPT TO:<%s@stages.example>\r\n" % local)
        try:
            rest = c.f.read()
        except ConnectionResetError:
            rest = b"reset"
        assert (rest == b"") == (local == "drop") and (rest == b"reset") == (local == "reset"), rest
        assert local != "mid" or b"250 2.1.5 a reply of some length".startswith(rest)
        assert record(local + "@stages.example")["text"] == word
    c = Client("stages")
    c.begin("cut@stages.example")
    c.cmd("DATA", 354)
    try:
        c.send("x" * 70 + "\r\n" + "y" * 20000)
    except ConnectionError:
        pass
    assert c.is_closed() and record("cut@stages.example")["stage"] == "body"


def test_drops_after_the_dot():
    for local, accepted, code in (("xdrop", 0, 0), ("xtaken", 1, 0), ("xmid", 1, 250)):
        c = Client("stages")
        c.begin(local + "@stages.example")
        c.cmd("DATA", 354)
        c.send("Subject: x\r\n\r\nx\r\n.\r\n")
        assert c.f.read() == (b"250 2.0.0 queue" + b"d" if local == "xmid" else b""), local
        r = record(local + "@stages.example")
        assert r["accepted"] == accepted and r["code"] == code and r["stage"] == "dot", (local, r)
    c = Client("stages")
    c.message("xdrop@stages.example")
    assert record("xdrop@stages.example")["accepted"] == 1


def test_stall():
    c = Client("stages")
    c.cmd("MAIL FROM:<a@b.example>", 250)
    c.send("RCPT TO:<stall@stages.example>\r\nRSET\r\n")
    c.s.settimeout(0.7)
    try:
        raise AssertionError(c.f.read(1))
    except socket.timeout:
        c.s.close()


def test_greylist():
    c = Client("grey")
    for to, sender in (("g@grey.example", "a@b.example"), ("g@grey.example", "other@b.example")):
        c.begin(to, 451, sender)
        c.cmd("RSET", 250)
    c.begin("g@grey.example", 451, "a@b.example")
    end = time.monotonic() + 5
    while time.monotonic() < end:
        c.cmd("RSET", 250)
        c.cmd("MAIL FROM:<a@b.example>", 250)
        if c.cmd("RCPT TO:<g@grey.example>")[0].startswith("250"):
            break
        time.sleep(0.05)
    c.cmd("DATA", 354)
    c.send("x: y\r\n\r\n.\r\n")
    c.reply(250)
    assert record("g@grey.example")["accepted"] == 1
    c.begin("g@grey.example", 250, "a@b.example")


def test_limits():
    a, b = Client("few"), Client("few")
    c = Client("few", expect=421)
    assert c.is_closed()
    a.message("one@few.example")
    a.message("two@few.example")
    a.cmd("MAIL FROM:<a@b.example>", 421)
    assert a.is_closed()
    b.quit()
    s = stats("few")
    assert s["peak_connections"] == 3 and s["refused_connections"] == 1 and s["peak_messages_per_connection"] == 2
    c = Client("stages")
    c.cmd("MAIL FROM:<a@b.example> SIZE=100001", 552)
    c.cmd("MAIL FROM:<a@b.example> FOO=1", 555)
    c.cmd("MAIL FROM:<a@b.example> SMTPUTF8", 555)
    c.cmd("MAIL FROM:<a@b.example> SIZE=5 BODY=8BITMIME RET=HDRS", 250)
    for i in range(5):
        c.cmd("RCPT TO:<r%d@stages.example> NOTIFY=NEVER" % i, 250)
    c.cmd("RCPT TO:<r6@stages.example>", 452)
    c.cmd("RSET", 250)
    c.send("RCPT TO:<김@stages.example>\r\n")
    c.reply(503)
    c.cmd("MAIL FROM:<a@b.example>", 250)
    c.send("RCPT TO:<김@stages.example>\r\n")
    c.reply(553)
    c.cmd("X" * 5000, 500)
    c.cmd("NOOP", 250)
    c.cmd("RSET", 250)
    c.message("big@stages.example", 552, "x" * 900 + "\r\n" + ("y" * 98 + "\r\n") * 1000)
    c.message("fits@stages.example", 250)


def test_rates():
    c = Client("rate")
    c.cmd("MAIL FROM:<a@b.example>", 250)
    got = [c.cmd("RCPT TO:<n%d@rate.example>" % i)[0][:3] for i in range(6)]
    assert got[:2] == ["250", "250"] and "450" in got[2:], got
    assert stats("rate")["over_rate"] >= 1
    Client("knock").s.close()
    assert Client("knock", expect=421).is_closed()
    ctl("set", "knock", "connection_rate", "off")
    Client("knock").quit()


def peaks(receiver):
    return {p["period_ms"]: (p["connections"], p["mails"], p["messages"]) for p in stats(receiver)["peaks"]}


def test_peaks_slide():
    """6 messages on each side of a second's border, 0.6 s apart: 12 in one second, whatever the calendar says."""
    begin = time.time()
    clients = [Client("pace") for _ in range(3)]
    time.sleep((0.7 - time.time() % 1) % 1)
    middle = time.monotonic()
    for part in range(2):
        for i in range(6):
            clients[i % 3].message("p%d%d@pace.example" % (part, i))
        time.sleep(max(0, middle + 0.6 * (part + 1) - time.monotonic()))
    time.sleep(max(0, middle + 1.7 - time.monotonic()))
    clients[0].cmd("MAIL FROM:<a@b.example>", 250)  # more than a second after all others
    p = peaks("pace")
    assert list(p) == [1000, 300, 60000], p
    assert p[60000] == (3, 13, 12) and p[1000] == (3, 12, 12) and p[300] == (3, 6, 6), p
    s = stats("pace")
    assert s["peak_messages_per_s"] == 12 and s["mails"] == 13
    assert begin * 1000 < s["first_accepted_ms"] < s["last_accepted_ms"] <= time.time() * 1000 + 1
    assert 500 <= s["last_accepted_ms"] - s["first_accepted_ms"] < 1000
    for c in clients[1:]:
        c.quit()
    clients[0].cmd("RSET", 250)
    clients[0].quit()


def inside(receiver="shut"):
    m = stats(receiver)["maintenance"]
    return [m[k] for k in ("windows", "open_at_begin", "connections", "mails", "rcpts", "messages")]


def test_maintenance():
    assert inside() == [1, 0, 0, 0, 0, 0]  # at the start of the lab, long over
    a, b, c = Client("shut"), Client("shut"), Client("shut")
    first = stats("shut")["maintenance"]
    assert first["after_ms"] > 0 and first["after_peak_connections"] == 3, first
    a.begin("under-way@shut.example")
    a.cmd("DATA", 354)
    b.cmd("MAIL FROM:<a@b.example>", 250)
    now = int(time.time() * 1000)
    ctl("set", "shut", "maintenance", "%d %d" % (now + 1000, now + 2500))
    assert inside() == [1, 0, 0, 0, 0, 0]
    time.sleep(max(0, now / 1000 + 1.05 - time.time()))
    assert inside() == [2, 3, 0, 0, 0, 0]
    assert Client("shut", expect=421).banner == ["421 4.3.2 정기점검"]
    b.cmd("RCPT TO:<b@shut.example>", 421)
    assert b.is_closed()
    c.cmd("MAIL FROM:<a@b.example>", 421)
    a.send("x: y\r\n\r\n.\r\n")
    a.reply(250)
    a.quit()
    assert inside() == [2, 3, 1, 1, 1, 1]
    time.sleep(max(0, now / 1000 + 2.55 - time.time()))
    a, b = Client("shut"), Client("shut")
    a.quit(), b.quit()
    m = stats("shut")["maintenance"]
    assert inside() == [2, 3, 1, 1, 1, 1] and 0 < m["after_ms"] < 2000 and m["after_peak_connections"] == 2, m
    ctl("set", "shut", "maintenance", "on")
    ctl("set", "shut", "maintenance", "on")
    Client("shut", expect=421)
    assert inside() == [3, 3, 2, 1, 1, 1]
    ctl("set", "shut", "maintenance", "off")
    Client("shut").quit()
    for bad in ("yes", "%d" % now, "%d %d" % (now + 9000, now + 8000), "%d %d" % (now - 9000, now - 8000)):
        assert ctl("set", "shut", "maintenance", *bad.split(), ok=False).returncode != 0, bad
    assert "maintenance of shut: 3 begun, 3 connections open then" in ctl("stats").stdout


def test_pipelining():
    c = Client("stages")
    c.send("MAIL FROM:<a@b.example>\r\nRCPT TO:<p1@stages.example>\r\nRCPT TO:<nouser2@stages.example>\r\n"
           "RCPT TO:<slow2@stages.example>\r\nRCPT TO:<p2@stages.example>\r\nDATA\r\n")
    assert [c.reply()[0][:3] for _ in range(6)] == ["250", "250", "550", "250", "250", "354"]
    c.send("x: y\r\n\r\nbody\r\n.\r\nMAIL FROM:<a@b.example>\r\nRSET\r\nQUIT\r\n")
    assert [c.reply()[0][:3] for _ in range(4)] == ["250", "250", "250", "221"]
    assert c.is_closed()
    for who, n in (("p1", 1), ("slow2", 1), ("p2", 1), ("nouser2", 0)):
        assert record(who + "@stages.example")["accepted"] == n
    before = stats("bare")["unannounced"] if stats("bare") else 0
    c = Client("bare")
    c.send("NOOP\r\nNOOP\r\n")
    c.reply(250), c.reply(250)
    assert stats("bare")["unannounced"] == before + 1


def test_bdat():
    c = Client("stages")
    c.begin("chunk@stages.example")
    c.send(b"BDAT 12\r\nSubject: c\r\n")
    c.reply(250)
    c.send(b"BDAT 10 LAST\r\n\r\n.\r\nxy\r\nz")
    c.reply(250)
    assert record("chunk@stages.example")["accepted"] == 1
    text = open(kept("stages", "chunk@stages.example"), "rb").read()
    assert text.endswith(b"Subject: c\r\n\r\n.\r\nxy\r\nz"), text
    c.cmd("MAIL FROM:<a@b.example>", 250)
    c.send(b"RCPT TO:<nouser9@stages.example>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
    assert [c.reply()[0][:3] for _ in range(3)] == ["550", "503", "250"]
    c.begin("d4x@stages.example")
    c.send(b"BDAT 0 LAST\r\n")
    c.reply(451)
    c.begin("x5b@stages.example")
    c.send(b"BDAT 3 LAST\r\nabc")
    c.reply(554)
    c.cmd("BDAT nonsense", 501)
    assert c.is_closed()
    c = Client("bare")
    c.cmd("BDAT 3 LAST", 502)


def kept(receiver, address):
    folder = os.path.join(WORK, "kept", receiver)
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if ("Delivered-To: " + address).encode() in open(path, "rb").read():
            return path
    raise AssertionError("no kept message for " + address)


def test_dots():
    body = "Subject: dots\r\n\r\n..\r\n...three\r\n.x\r\na.\r\n"
    c = Client("many")
    c.begin("dots@d000000.million.example")
    c.cmd("DATA", 354)
    for byte in (body + ".\r\n").encode():
        c.send(bytes([byte]))
    c.reply(250)
    text = open(kept("many00", "dots@d000000.million.example"), "rb").read()
    assert text.endswith(b"Subject: dots\r\n\r\n.\r\n..three\r\nx\r\na.\r\n"), text
    assert text.startswith(b"Return-Path: <me@sender.example>\r\n")
    c.message("empty@d000000.million.example", 250, "")
    c.message("dot@d000000.million.example", 250, "..\r\n")
    # Smuggling: only CRLF.CRLF ends a message.
    c.begin("smuggle@d000000.million.example")
    c.cmd("DATA", 354)
    c.send("a\n.\nMAIL FROM:<evil@x.example>\r\n\n.\r\n\r.\r\nb\r\n.\r\n")
    c.reply(250)
    c.cmd("NOOP", 250)
    assert stats("many00")["bare_lf"] == 1
    c = Client("bare")
    c.message("lf@bare.example", 550, "a\nb\r\n")


def test_same_message_id():
    c = Client("many")
    for ident in ("<1@x>", "<1@x>", "<2@x>"):
        c.message("twice@d000001.million.example", 250, "Message-ID: %s\r\n\r\nx\r\n" % ident)
    r = record("twice@d000001.million.example")
    assert r["accepted"] == 3 and r["same_id"] == 1


def test_tls():
    ctx = ssl.create_default_context(cafile=os.path.join(WORK, "ca.pem"))
    s = smtplib.SMTP(timeout=10)
    s._host = "mx.tls.example"
    s.sock = socket.create_connection((HOSTS["tls"], SMTP), timeout=10)
    s.getreply()
    s.starttls(context=ctx)
    assert "starttls" not in s.esmtp_features
    s.sendmail("a@b.example", ["t@tls.example"], "Subject: x\r\n\r\n" + "line\r\n" * 50000)
    s.quit()
    Client("tls").cmd("MAIL FROM:<a@b.example>", 530)
    assert stats("tls")["tls"] == 1 and stats("tls")["messages"] == 1
    loose = ssl._create_unverified_context()
    s = smtplib.SMTP(HOSTS["tls-self"], SMTP, timeout=10)
    s.starttls(context=loose)
    s.quit()
    c = Client("tls-broken")
    c.cmd("STARTTLS", 220)
    try:
        loose.wrap_socket(c.s, server_hostname="x")
        raise AssertionError("a broken handshake worked")
    except (ssl.SSLError, ConnectionError, OSError):
        pass
    Client("tls-refuse").cmd("STARTTLS", 454)
    c = Client("tls-inject")
    c.send("STARTTLS\r\n")
    assert c.reply(220) and c.reply(250) == ["250 this line was injected"]
    c = Client("tls")
    c.send("STARTTLS\r\nRSET\r\n")
    c.reply(220)
    t = loose.wrap_socket(c.s, server_hostname="x")
    t.sendall(b"NOOP\r\n")
    assert t.recv(100).startswith(b"250") and stats("tls")["early_talk"] == 1


def test_reach():
    for receiver in ("down", "many"):
        if receiver == "many":
            c = Client("many")
            ctl("set", "many00", "reach", "refuse")
            assert c.is_closed()
        try:
            socket.create_connection((HOSTS[receiver], SMTP), timeout=5)
            raise AssertionError("connected")
        except ConnectionRefusedError:
            pass
    ctl("set", "many00", "reach", "up")
    Client("many").quit()
    try:
        socket.create_connection((HOSTS["far"], SMTP), timeout=0.7)
        raise AssertionError("connected")
    except socket.timeout:
        pass


def test_set():
    ctl("set", "many0?", "refuse_all", "451", "4.3.2", "maintenance")
    c = Client("many")
    assert c.begin("m@d000000.million.example", 451) == ["451 4.3.2 maintenance"]
    ctl("set", "many*", "refuse_all", "off")
    c.cmd("RCPT TO:<m@d000000.million.example>", 250)
    ctl("set", "many00", "delay_ms", "200")
    begin = time.monotonic()
    c.cmd("RSET", 250)
    assert time.monotonic() - begin >= 0.19
    ctl("set", "many00", "delay_ms", "0")
    for bad in (("set", "nobody", "reach", "up"), ("set", "many00", "colour", "red"), ("nonsense",),
                ("set", "many00", "reach", "sideways"), ("set",)):
        assert ctl(*bad, ok=False).returncode == 1


def test_expected_lists():
    paths = [os.path.join(WORK, n) for n in ("list.csv", "expected.csv", "list2.csv")]
    run = [LAB, "make-list", "--count", "2000", "--seed", "9", SCENE]
    subprocess.run(run + [paths[0], "--expected", paths[1]], check=True, capture_output=True)
    subprocess.run(run + [paths[2]], check=True, capture_output=True)
    assert open(paths[0]).read() == open(paths[2]).read()
    rows = [line.rstrip("\n").split(",") for line in open(paths[1])][1:]
    assert len(rows) == 2000
    shares = {}
    for row in rows:
        shares[row[4]] = shares.get(row[4], 0) + 1
    assert 60 < shares["shared-unknown"] < 140 and 20 < shares["nxdomain"] < 60, shares
    by_state = {"bounced": [], "in-doubt": [], "delivered": []}
    for row in rows:
        if row[0].endswith("@stages.example"):
            by_state.setdefault(row[1], []).append(row)
    c = Client("stages")
    for row in by_state["bounced"][:20] + by_state["delivered"][:40]:
        for _ in range(3):
            c.cmd("MAIL FROM:<a@b.example>", 250)
            code = c.cmd("RCPT TO:<%s>" % row[0])[0][:3]
            if code == "250":
                c.cmd("DATA", 354)
                c.send("x: y\r\n\r\n.\r\n")
                code = c.reply()[0][:3]
            else:
                c.cmd("RSET", 250)
            if code[0] != "4":
                break
        assert code == row[2], (row, code)
    part = os.path.join(WORK, "part.csv")
    chosen = by_state["bounced"][:20] + by_state["delivered"][:40]
    with open(part, "w") as f:
        f.write("email,state,code,accepted,rule\n" + "".join(",".join(r[:5]) + "\n" for r in chosen))
    dump = os.path.join(WORK, "dump.tsv")
    ctl("dump", dump)
    keep = {r[0] for r in chosen}
    lines = open(dump).read().splitlines()
    with open(dump, "w") as f:
        f.write("\n".join([lines[0]] + [l for l in lines[1:] if l.split("\t")[0] in keep]) + "\n")
    r = subprocess.run([LAB, "check", dump, part], capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.startswith("missing 0, duplicate 0, unexpected 0, wrong code 0"), r.stdout


def test_check_finds_faults():
    c = Client("many")
    for to in ("ok", "dup", "dup", "extra"):
        c.message("check-%s@d000002.million.example" % to)
    expected = os.path.join(WORK, "plain.csv")
    with open(expected, "w") as f:
        f.write("".join("check-%s@d000002.million.example\n" % n for n in ("ok", "dup", "lost")))
    r = ctl("check", expected, ok=False)
    assert r.returncode == 1 and r.stdout.startswith("missing 1, duplicate 1, unexpected "), r.stdout
    assert "missing: check-lost@d000002.million.example" in r.stdout
    assert "duplicate: check-dup@d000002.million.example (accepted 2, expected 1)" in r.stdout


def test_hostile_clients():
    rnd = random.Random(1)
    words = [b"EHLO x", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"DATA", b"BDAT 5", b"BDAT 99999999999999999999",
             b"BDAT 4 LAST", b"RSET", b"QUIT", b"STARTTLS", b".", b"", b"\0", b"MAIL FROM:", b"RCPT TO:<@a,@b:c@d>",
             b"MAIL FROM:<\"a\\", b"RCPT TO:<\"\\\">", b"HELO", b"MAIL FROM:<> SIZE=x", b"RCPT TO:<@>",
             b"A" * 40000, b"MAIL FROM:<" + b"a" * 3000 + b"@b>", b"\xff\xfe"]
    for i in range(150):
        s = socket.create_connection((HOSTS[rnd.choice(["stages", "bare", "grey", "tls", "many"])], SMTP), timeout=5)
        try:
            for _ in range(rnd.randrange(1, 30)):
                if rnd.random() < 0.3:
                    s.sendall(os.urandom(rnd.randrange(1, 3000)))
                else:
                    s.sendall(rnd.choice(words) + rnd.choice([b"\r\n", b"\n", b"\r", b"\r\n\r\n"]))
        except OSError:
            pass
        s.close()
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    good = dnsclient.query("stages.example", "MX", 1)
    for i in range(3000):
        packet = bytearray(good if i % 2 else os.urandom(rnd.randrange(0, 600)))
        for _ in range(rnd.randrange(0, 6)):
            if packet:
                packet[rnd.randrange(len(packet))] = rnd.randrange(256)
        u.sendto(bytes(packet), ("127.0.0.1", DNS))
    for i in range(50):
        s = socket.create_connection(("127.0.0.1", DNS), timeout=5)
        s.sendall(os.urandom(rnd.randrange(1, 2000)))
        s.close()
    for i in range(30):
        s = socket.socket(socket.AF_UNIX)
        s.connect(CONTROL)
        try:
            s.sendall(os.urandom(rnd.randrange(1, 6000)) + b"\n")
        except OSError:
            pass
        s.close()
    assert mx("stages.example")
    Client("stages").quit()


def test_reset_and_log():
    open_one = Client("many")
    assert ctl("reset", ok=False).returncode == 1
    open_one.quit()
    end = time.monotonic() + 10
    while ctl("reset", ok=False).returncode != 0:
        assert time.monotonic() < end, stats()
        time.sleep(0.05)
    assert stats()["messages"] == 0 and len(ctl("dump").stdout.splitlines()) == 1
    c = Client("many")
    begin = time.time()
    c.cmd("MAIL FROM:<me@sender.example>", 250)
    end = time.time()
    time.sleep(0.1)
    c.cmd("RCPT TO:<after@d000003.million.example>", 250)
    c.cmd("DATA", 354)
    c.send("x: y\r\n\r\n.\r\n")
    c.reply(250)
    limit = time.monotonic() + 5
    while "after@d000003.million.example" not in open(os.path.join(WORK, "log")).read():
        assert time.monotonic() < limit
        time.sleep(0.05)
    line = next(s for s in open(os.path.join(WORK, "log")) if "after@d000003.million.example" in s)
    said = dict(part.split("=", 1) for part in line.split()[:2])
    assert begin - 0.001 <= int(said["mail_us"]) / 1e6 <= end and int(said["ms"]) / 1000 >= end + 0.09, (said, begin, end)
    assert "1 messages to 1 recipients accepted" in ctl("stats").stdout


def main():
    failed = 0
    for name, test in [(n, f) for n, f in globals().items() if n.startswith("test_")]:
        begin = time.monotonic()
        try:
            test()
            print("ok    %-32s %.2f s" % (name, time.monotonic() - begin), flush=True)
        except Exception as e:
            failed += 1
            import traceback
            traceback.print_exc()
            print("FAILS %s: %r" % (name, e), flush=True)
    sys.exit(1 if failed else 0)


main()
