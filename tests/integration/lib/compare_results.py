#!/usr/bin/env python3
"""Compares a job's result.csv with what the receivers of sluice-lab recorded, recipient by recipient.

    compare_results.py RESULT.csv DUMP.tsv [--expected EXPECTED.csv] [--list LIST.csv] [--in-doubt N]
                       [--may RULE=STATE] [--others] [--killed]

Each recipient's state, code and text must be those of the lab's record; every recipient of the list has
exactly one row; what was accepted twice or said to be delivered and was not is counted as duplicate and
missing. --expected also compares states and classes with what the scenario must end in (sluice-lab make-list).
--in-doubt N: at most so many may be in doubt at all. --may RULE=STATE: who falls under this rule of the scenario may
end in this state as well. --others: the receivers had mail of other jobs too. --killed: the daemon was,
so that what was under way may have been attempted once more than it knows. Exit 0: all equal.
"""
import argparse
import collections
import csv
import re
import sys

csv.field_size_limit(1 << 30)


def domain_lower(address):
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def read_csv(path, delimiter=","):
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    with open(path, newline="", encoding="utf-8", errors="replace") as f:
        yield from csv.DictReader(f, delimiter=delimiter, quoting=quoting)


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def words_of(first_line):
    """'550-5.1.1 The account' -> 'The account'."""
    text = re.sub(r"^\d{3}[ -]?", "", first_line)
    return squeeze(re.sub(r"^[245]\.\d{1,3}\.\d{1,3}(?=\s|$)", "", text.lstrip()))


class Faults:
    def __init__(self):
        self.count = collections.Counter()
        self.example = collections.defaultdict(list)

    def add(self, what, text):
        self.count[what] += 1
        if len(self.example[what]) < 8:
            self.example[what].append(text)

    def show(self):
        for what, n in self.count.items():
            if n:
                print(f"  {what}: {n}")
                for text in self.example[what]:
                    print(f"    {text}")


def check_reply(row, record, faults):
    """What Sluice writes down as the reply must be what the receiver says that it said."""
    address, code = row["email"], int(row["code"] or 0)
    said = int(record["code"])
    if code != said:
        faults.add("other code", f"{address}: {row['state']} {code} {row['text']!r}, the lab said {said} "
                   f"{record['text']!r} at {record['stage']}")
        return
    text = squeeze(row["text"].lstrip("'"))
    want = words_of(record["text"])
    # Long replies are cut, and what the lab says in brackets is no reply.
    if code and not record["text"].startswith("(") and not (text.startswith(want[:400]) or want.startswith(text.lstrip("'")) and text):
        faults.add("other text", f"{address}: {text[:100]!r}, the lab said {want[:100]!r}")


def check_row(row, record, killed, faults):
    """One recipient; record is None where the receivers never heard of it."""
    address, state = row["email"], row["state"]
    accepted = int(record["accepted"]) if record else 0
    if accepted > 1:
        faults.add("duplicate", f"{address}: accepted {accepted} times, {state}")
    if state == "delivered":
        if accepted == 0:
            faults.add("missing", f"{address}: delivered, says Sluice; {record}")
        else:
            check_reply(row, record, faults)
    elif state == "in-doubt":
        if record is None or int(record["code"]) != 0 and accepted == 0:
            faults.add("in doubt without a reason", f"{address}: {record}")
    elif accepted:
        faults.add("delivered unknowingly", f"{address}: {state}, {row['class']}; {record}")
    elif record and state == "bounced" and int(row["code"] or 0):
        check_reply(row, record, faults)
    attempts = int(row["attempts"] or 0)
    if record and not killed and attempts < int(record["attempts"]):
        faults.add("fewer attempts", f"{address}: {attempts}, the lab counted {record['attempts']}")


def check_expected(path, rows, allowed, faults):
    for want in read_csv(path):
        row = rows.get(domain_lower(want["email"]))
        if row is None:
            faults.add("not in the results", want["email"])
        elif f"{want['rule']}={row['state']}" in allowed:
            pass
        elif row["state"] != want["state"]:
            faults.add("other state than expected", f"{row['email']}: {row['state']} {row['class']} {row['code']} "
                       f"{row['text'][:80]!r}, expected {want['state']} {want['category']} (rule {want['rule']})")
        elif want["category"] and row["class"] != want["category"]:
            faults.add("other class than expected", f"{row['email']}: {row['class']} {row['code']} "
                       f"{row['text'][:80]!r}, expected {want['category']} (rule {want['rule']})")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("result")
    p.add_argument("dump")
    p.add_argument("--expected")
    p.add_argument("--list")
    p.add_argument("--in-doubt", type=int, default=None)
    p.add_argument("--others", action="store_true")
    p.add_argument("--killed", action="store_true")
    p.add_argument("--may", action="append", default=[])
    o = p.parse_args()
    faults = Faults()
    records = {domain_lower(r["recipient"]): r for r in read_csv(o.dump, "\t")}
    rows, states = {}, collections.Counter()
    for row in read_csv(o.result):
        address = domain_lower(row["email"])
        if address in rows:
            faults.add("two rows", row["email"])
        rows[address] = row
        states[row["state"]] += 1
        check_row(row, records.get(address), o.killed, faults)
    for address, record in records.items():
        if not o.others and address not in rows and int(record["accepted"]):
            faults.add("accepted, and not in the results", address)
    if o.list:
        for want in read_csv(o.list):
            if domain_lower(want["email"]) not in rows:
                faults.add("not in the results", want["email"])
    if o.expected:
        check_expected(o.expected, rows, o.may, faults)
    if o.in_doubt is not None and states["in-doubt"] > o.in_doubt:
        faults.add("too many in doubt", f"{states['in-doubt']}, at most {o.in_doubt}")
    shown = ", ".join(f"{n} {state}" for state, n in states.most_common())
    print(f"{len(rows)} recipients ({shown}): missing {faults.count['missing']}, "
          f"duplicate {faults.count['duplicate']}")
    faults.show()
    return 1 if sum(faults.count.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
