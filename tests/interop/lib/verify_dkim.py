#!/usr/bin/env python3
"""Verifies the DKIM signatures of a mailbox with opendkim and with dkimpy, and prints a line of the table per list.

    verify_dkim.py --server NAME --version V --records FILE --maildir DIR --work DIR LIST.ndjson...
    verify_dkim.py --head

FILE: lines "NAME RECORD", what the DNS would say. Each address of a list has one message; both of its signatures are to verify
with both programs, and not to when the address begins with "changed-", nor after a byte of the message was changed here. Standard
error: what is not as it should be. Exit 0: all is.
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys

import dkim  # and PyNaCl, or Ed25519 fails

ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
OVERSIGNED = ("from", "to", "cc", "subject", "date", "reply-to", "message-id", "mime-version", "content-type", "content-transfer-encoding")
OVERSIGNED_IF_THERE = ("list-id", "list-unsubscribe", "list-unsubscribe-post")
COLUMNS = ("missing", "duplicate", "opendkim_rsa", "opendkim_ed", "dkimpy_rsa", "dkimpy_ed", "failed", "changed", "found")
FORMAT = "{:<16} {:<8} {:<20} {:>8} {:>7} {:>9} {:>12} {:>11} {:>10} {:>9} {:>6} {:>7} {:>7}"
CHANGED_HERE = 10  # messages of each list


# ---- messages

def owner_of(raw):
    head = raw.split(b"\n\n", 1)[0]
    found = re.search(rb"^(?:Delivered-To|Envelope-To): *<?([^\s<>]+)", head, re.M | re.I)
    return found[1].decode() if found else ""


def read_mailbox(maildir):
    mails = collections.defaultdict(list)
    for folder in ("new", "cur"):
        path = os.path.join(maildir, folder)
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else ():
            with open(os.path.join(path, name), "rb") as f:
                raw = f.read()
            mails[owner_of(raw)].append(raw)
    return mails


def changed_copies(raw):
    """A byte of the body, a letter of the subject, a second From."""
    body = raw.index(b"\n\n") + 2
    at = next(i for i in range(body + (len(raw) - body) // 2, len(raw)) if raw[i:i + 1].isalnum())
    yield raw[:at] + (b"x" if raw[at:at + 1] != b"x" else b"y") + raw[at + 1:]
    at = re.search(rb"^Subject:[^\n]*?([A-Za-z0-9])", raw, re.M).start(1)
    yield raw[:at] + (b"Q" if raw[at:at + 1] != b"Q" else b"R") + raw[at + 1:]
    at = re.search(rb"^From:", raw, re.M).start()
    yield raw[:at] + b"From: somebody@elsewhere.example\n" + raw[at:]


# ---- verifiers: a list of messages -> for each {algorithm: why it does not verify, or None}

ABSENT = "no such signature"

def by_dkimpy(raws, records):
    def txt(name, timeout=5):
        return records.get(name.decode().rstrip("."), "").encode()

    for raw in raws:
        result = {}
        for index, field in enumerate(re.findall(rb"^DKIM-Signature:(?:[^\n]*\n)(?:[ \t][^\n]*\n)*", raw, re.M)):
            algorithm = re.search(rb"\ba=([a-z0-9-]+)", field)[1].decode()
            try:
                result[algorithm] = None if dkim.DKIM(raw).verify(idx=index, dnsfunc=txt) else "the signature does not fit"
            except dkim.DKIMException as e:
                result[algorithm] = str(e)
        yield result


def by_opendkim(raws, records, work):
    os.makedirs(work, exist_ok=True)
    with open(f"{work}/records", "w", encoding="ascii") as f:
        f.writelines(f"{name} {record}\n" for name, record in records.items())
    with open(f"{work}/opendkim.conf", "w", encoding="ascii") as f:
        f.write(f"Mode v\nTestDNSData {work}/records\n")
    for start in range(0, len(raws), 200):
        names = []
        for number, raw in enumerate(raws[start:start + 200], start):
            names.append(f"{number:05}.eml")
            with open(f"{work}/{names[-1]}", "wb") as f:
                f.write(raw)
        done = subprocess.run(["opendkim", "-x", f"{work}/opendkim.conf", "-v", "-v", "-t", ",".join(names)], cwd=work,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace")
        yield from read_opendkim(done.stdout, names)


def read_opendkim(text, names):
    """Per message the field that it would add, Authentication-Results, and then a line with its name."""
    found, signatures = {}, {}
    for line in text.splitlines():
        m = re.match(r"\s*dkim=(\w+)(.*) header\.a=([a-z0-9-]+)", line)
        if m:
            signatures[m[3]] = None if m[1] == "pass" else f"{m[1]}{m[2]}"
        m = re.match(r"opendkim: (\d+\.eml): ", line)
        if m:
            found.setdefault(m[1], signatures)
            signatures = {}
    for name in names:
        yield found.get(name, {})


# ---- the comparison

class Row:
    def __init__(self, options, path, mails, records):
        self.o, self.records, self.mails = options, records, mails
        self.template = re.sub(rf"^{options.server}-|\.ndjson$", "", os.path.basename(path))
        with open(path, encoding="utf-8") as f:
            self.wanted = [json.loads(line)["email"] for line in f]
        self.count = collections.Counter()
        self.told = 0

    def fault(self, what, address, text):
        self.count[what] += 1
        self.told += 1
        if self.told <= 10:
            print(f"{self.o.server}, {self.template}: {what}: {address}: {text}", file=sys.stderr)

    def collect(self):
        """The messages that are to verify, and those that are not to."""
        good, bad = [], []
        for address in self.wanted:
            found = self.mails.get(address, [])
            if not found:
                self.fault("missing", address, "no message in the mailbox")
            if len(found) > 1:
                self.fault("duplicate", address, f"{len(found)} messages")
            (bad if address.startswith("changed-") else good).extend((address, raw) for raw in found)
        for address, raw in good[:: max(1, len(good) // CHANGED_HERE)]:
            bad.extend((address + ", changed here", copy) for copy in changed_copies(raw))
        return good, bad

    def check_fields(self, address, raw):
        """What is signed is what must be: the fields that are there, those of a fraud once more."""
        head = raw.split(b"\n\n", 1)[0] + b"\n"
        there = collections.Counter(m.lower().decode() for m in re.findall(rb"^([!-9;-~]+):", head, re.M))
        for field in re.findall(rb"^DKIM-Signature:((?:[^\n]*\n)(?:[ \t][^\n]*\n)*)", head, re.M):
            tags = dict(re.sub(r"\s", "", part).split("=", 1) for part in field.decode().split(";"))
            listed = collections.Counter(tags["h"].lower().split(":"))
            for name in OVERSIGNED:
                if listed[name] != there[name] + 1:
                    self.fault("failed", address, f"h= has {name} {listed[name]} times, the header {there[name]} times")
            for name in OVERSIGNED_IF_THERE:
                if listed[name] != there[name] + (there[name] > 0):
                    self.fault("failed", address, f"h= has {name} {listed[name]} times, the header {there[name]} times")

    def run(self):
        good, bad = self.collect()
        both = [raw for _, raw in good + bad]
        verdicts = {"opendkim": list(by_opendkim(both, self.records, f"{self.o.work}/{self.template}")),
                    "dkimpy": list(by_dkimpy(both, self.records))}
        for index, (address, raw) in enumerate(good + bad):
            said = [(program, a, verdicts[program][index].get(a, ABSENT)) for program in verdicts for a in ALGORITHMS]
            if index >= len(good):
                self.count["changed"] += 1
                passed = [f"{program}: {a}: {why or 'verified'}" for program, a, why in said if why in (None, ABSENT)]
                if passed:
                    self.fault("not found", address, "; ".join(passed))
                continue
            self.check_fields(address, raw)
            for program, a, why in said:
                if why is None:
                    self.count[f"{program}_{'rsa' if a.startswith('rsa') else 'ed'}"] += 1
                else:
                    self.fault("failed", address, f"{program}: {a}: {why}")
        self.count["found"] = self.count["changed"] - self.count["not found"]
        print(FORMAT.format(self.template, self.o.server, self.o.version, len(good), *(self.count[c] for c in COLUMNS)))
        return bool(good) and self.count["changed"] > 0 and not any(
            self.count[c] for c in ("missing", "duplicate", "failed", "not found"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--head", action="store_true")
    for name in ("server", "version", "records", "maildir", "work"):
        p.add_argument("--" + name)
    p.add_argument("lists", nargs="*")
    o = p.parse_args()
    if o.head:
        print(FORMAT.format("template", "through", "version", "messages", *(c.replace("_", " ") for c in COLUMNS)))
        return 0
    with open(o.records, encoding="ascii") as f:
        records = dict(line.rstrip("\n").split(" ", 1) for line in f)
    mails = read_mailbox(o.maildir)
    return 0 if all([Row(o, path, mails, records).run() for path in o.lists]) else 1


if __name__ == "__main__":
    sys.exit(main())
