#!/usr/bin/env python3
"""One row of the table: what result.csv says of each recipient against what lies in the server's mailboxes and log.

    compare.py --server NAME --version V --mode M --list LIST.csv --result RESULT.csv --log LOG --maildir DIR
               [--samples N] --show COMMAND...

A delivered recipient has one message, and a refused one the refusal with the same code and text in the log. Every message
has the right recipient, subject, Message-ID and bodies and came by the protocol of the mode; N of them are, behind
the headers that the server put in front, byte for byte what COMMAND ADDRESS --message shows. Standard output: the row,
tab-separated; standard error: what is not as it should be. Exit 0: all is.
"""
import argparse
import collections
import csv
import email
import email.policy
import json
import os
import re
import subprocess
import sys

CAMPAIGN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "campaign")


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def words_of(text):
    """'5.1.1 No such user' -> 'No such user'."""
    return squeeze(re.sub(r"^[245]\.\d{1,3}\.\d{1,3}\s", "", text.lstrip()))


# ---- what the servers' logs say of refusals: (recipient, code, text)

def refusals_postfix(line):
    m = re.search(r"reject: RCPT from \S+: (\d{3}) (.*); from=<[^>]*> to=<([^>]*)>", line)
    if m:
        yield m[3], int(m[1]), m[2]
    m = re.search(r"reject: header .*; from=<[^>]*> to=<([^>]*)> proto=\S+ helo=\S+: (.*)", line)
    if m:
        yield m[1], 550, m[2]


def refusals_exim(line):
    m = re.search(r"rejected RCPT <([^>]*)>: (?:(\d{3}) )?(.*)", line)
    if m:
        yield m[1], int(m[2] or 0), m[3]
    m = re.search(r"rejected after DATA: not wanted, for (.*)", line)
    for address in re.split(r"[,\s]+", m[1].strip()) if m else ():
        yield address, 554, "We do not want this"


def refusals_opensmtpd(line):
    m = re.search(r'command="RCPT TO:<([^>]*)>.*result="(\d{3}) (.*)"', line)
    if m:
        yield m[1], int(m[2]), m[3]


def refusals_aiosmtpd(line):
    code, address, text = line.split(" ", 2)
    yield address, int(code), text


def read_refusals(server, path):
    found = collections.defaultdict(list)
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            for address, code, text in globals()["refusals_" + server](line.rstrip("\n")):
                found[address].append((code, text))
    return found


def pipelined_exim(path):
    """Recipient -> was the message pipelined? "L" in the line of its arrival, "L-" if it was only offered."""
    found = {}
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.search(r" <= .* P=\S+ (.*) for (\S+)$", line)
            if m:
                found[m[2]] = re.search(r"(^| )L[.*]?( |$)", m[1]) is not None
    return found


# ---- mailboxes

OWNER = {"postfix": "Delivered-To", "exim": "Envelope-To", "opensmtpd": "Delivered-To", "aiosmtpd": "Delivered-To"}


class Mail:
    def __init__(self, server, path):
        with open(path, "rb") as f:
            raw = f.read().replace(b"\r\n", b"\n")
        # Date is the first header of ours; the server's own stand before it.
        at = 0 if raw.startswith(b"Date: ") else raw.find(b"\nDate: ") + 1
        self.path, self.own, self.in_front = path, raw[at:], raw[:at]
        front = email.message_from_bytes(self.in_front + b"\n", policy=email.policy.compat32)
        self.owner = squeeze(front.get(OWNER[server], "")).strip("<>")
        self.received = squeeze(front.get("Received", ""))
        self.message = email.message_from_bytes(self.own, policy=email.policy.default)


def read_mailbox(server, maildir):
    mails = collections.defaultdict(list)
    for folder in ("new", "cur"):
        path = os.path.join(maildir, folder)
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else ():
            mail = Mail(server, os.path.join(path, name))
            mails[mail.owner].append(mail)
    return mails


# ---- the comparison

class Row:
    def __init__(self, options):
        self.o = options
        self.count = collections.Counter()
        self.examples = 0
        self.refusals = read_refusals(options.server, options.log)
        self.modes = options.mode.split(",")
        self.pipelined = pipelined_exim(options.log) if options.server == "exim" else {}
        self.mails = read_mailbox(options.server, options.maildir)
        with open(os.path.join(CAMPAIGN, "html.html"), encoding="ascii") as f:
            self.html = f.read()

    def fault(self, what, address, text):
        self.count[what] += 1
        self.examples += 1
        if self.examples <= 10:
            print(f"{self.o.server}, {self.o.mode}: {what}: {address}: {text}", file=sys.stderr)

    def show(self, address, *more):
        done = subprocess.run([*self.o.show, address, *more], stdout=subprocess.PIPE, timeout=60)
        return done.stdout if done.returncode == 0 else b""

    def check_mail(self, want, result, mail):
        """Returns why the message is not the one that was sent, or nothing."""
        m, address, name = mail.message, want["email"], want["name"]
        with_tls = re.search(r"TLS|with ESMTPS|with esmtps", mail.received) is not None
        if with_tls != ("tls" in self.modes):
            return f"TLS {'used' if with_tls else 'not used'}: {mail.received}"
        if m["Subject"] != f"(광고) {name}님, 봄맞이 최대 50% 세일이 시작되었습니다":
            return f"subject {m['Subject']!r}"
        if [a.addr_spec for a in m["To"].addresses] != [address]:
            return f"To {m['To']!r}"
        if m["Message-ID"].strip().strip("<>") != result["message_id"].strip("<>"):
            return f"Message-ID {m['Message-ID']!r}, in the results {result['message_id']!r}"
        text = m.get_body(("plain",)).get_content().replace("\r\n", "\n")  # base64 keeps CRLF
        if f"{name}님, 안녕하세요." not in text or "\n.\n.점으로" not in text or f"{want['coupon']} = 쿠폰" not in text:
            return f"text {text!r}"
        if m.get_body(("html",)).get_content().rstrip("\n") != self.html.rstrip("\n"):
            return f"HTML part differs: {mail.path}"
        return None

    def check_bytes(self, address, mail):
        shown = self.show(address, "--message").replace(b"\r\n", b"\n")
        dateless = [re.sub(rb"\ADate: [^\n]*\n", b"", text) for text in (shown, mail.own)]
        if not shown or dateless[0] != dateless[1]:
            self.fault("wrong", address, f"not byte for byte what `sluice show` shows: {mail.path}")

    def check_delivered(self, want, result, mails, put_off):
        address = want["email"]
        if int(result["code"]) != 250:
            self.fault("wrong", address, f"delivered with code {result['code']}")
        if address.startswith("later"):
            attempts = json.loads(self.show(address, "--json") or b"{}").get("attempts", [])
            first = attempts[0] if attempts else {}
            if [code for code, _ in put_off] != [450] or int(result["attempts"]) != 2 or first.get("code") != 450:
                self.fault("wrong", address, f"the log says {put_off}, the results {attempts}")
        elif put_off:
            self.fault("wrong", address, f"delivered, and the log says {put_off}")
        if self.pipelined and self.pipelined.get(address) != ("pipelining" in self.modes):
            self.fault("wrong", address, f"pipelined: {self.pipelined.get(address)}")
        for mail in mails[:1]:
            why = self.check_mail(want, result, mail)
            if why:
                self.fault("wrong", address, why)

    def check_refused(self, address, result, refused):
        said = [(code, words_of(text)) for code, text in refused]
        got = int(result["code"] or 0), squeeze(result["text"].lstrip("'"))
        if len(said) != 1 or said[0][0] != got[0] or not said[0][1] or said[0][1][:200] not in got[1]:
            self.fault("wrong", address, f"bounced with {got}, the log says {refused}")

    def check(self, want, result):
        address = want["email"]
        mails, refused = self.mails.get(address, []), self.refusals.get(address, [])
        expected = "bounced" if address.startswith(("nouser", "refused")) else "delivered"
        if len(mails) > 1:
            self.fault("duplicate", address, f"{len(mails)} messages: {[m.path for m in mails]}")
        if result is None:
            self.fault("wrong", address, "not in result.csv")
        elif result["state"] == "delivered" and not mails:
            self.fault("missing", address, f"delivered, says result.csv: {result['text']}")
        elif result["state"] != "delivered" and mails:
            self.fault("wrong", address, f"{result['state']} {result['code']} {result['text']}, and it is in the mailbox")
        elif result["state"] != expected:
            self.fault("wrong", address, f"{result['state']} {result['code']} {result['text']}, expected {expected}")
        elif expected == "delivered":
            self.check_delivered(want, result, mails, refused)
        else:
            self.check_refused(address, result, refused)

    def run(self):
        results = {}
        with open(self.o.result, newline="", encoding="utf-8") as f:
            for result in csv.DictReader(f):
                if result["email"] in results:
                    self.fault("wrong", result["email"], "two rows in result.csv")
                results[result["email"]] = result
        with open(self.o.list, newline="", encoding="utf-8") as f:
            wanted = list(csv.DictReader(f))
        for want in wanted:
            self.check(want, results.get(want["email"]))
        for address in set(self.mails) - {want["email"] for want in wanted}:
            self.fault("wrong", address, f"in the mailbox, not in the list: {self.mails[address][0].path}")
        arrived = [want["email"] for want in wanted if self.mails.get(want["email"])]
        for address in arrived[:: max(1, len(arrived) // max(1, self.o.samples))][: self.o.samples]:
            self.check_bytes(address, self.mails[address][0])
        accepted = sum(len(mails) for mails in self.mails.values())
        refused = sum(1 for result in results.values() if result["state"] == "bounced")
        print(self.o.server, self.o.version, self.o.mode,
              f"{len(wanted)} {accepted} {refused} {self.count['missing']} {self.count['duplicate']} {self.count['wrong']}",
              sep="\t")
        return 1 if sum(self.count.values()) else 0


def main():
    p = argparse.ArgumentParser()
    for name in ("server", "version", "mode", "list", "result", "log", "maildir"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--samples", type=int, default=20)
    p.add_argument("--show", nargs=argparse.REMAINDER, required=True)
    return Row(p.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
