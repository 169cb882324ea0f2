#!/usr/bin/env python3
"""The world of e2e-shaping.sh: 20 providers with limits of every kind, and the judgement over a run.

    shaping.py make FOLDER SECONDS                 scenario.conf, limits.conf, and jobs with their lists
    shaping.py probe FILE                          until SIGTERM; then writes how late, in ms, a sleeper was woken at worst
    shaping.py judge stats.json lab.log MS         a table; status 1 when a limit was exceeded or left unused

A provider gets as many recipients as its tightest limit lets through in SECONDS (the fast ones in less).

What is counted is what the receiver's machine sees: connections open at once; new connections, and messages by the time at
which their MAIL command arrived, in any stretch of a limit's period, wherever it begins. Between the instant that was chosen for a
message and its arrival a thread must wake up and write; on a machine whose cores are all at work that takes milliseconds
now and then, and what is held up arrives closer to what follows it. How long, a probe tells that sleeps and wakes beside
the daemon all the time; the jitter allowed for is the worst that it met, and 10 ms. So a stretch of one period may show, beyond its N,
as many as are due in that time, and one: N x jitter / period + 1. Connections open at once have no such allowance.
"""
import collections
import json
import math
import os
import signal
import sys
import time

IS_SMALL = os.environ.get("SLUICE_TEST_SCALE") == "small"  # sanitizers are slow: then only slow rates must be used up
SHARE_USED = 0.75 if IS_SMALL else 0.9
FASTEST_JUDGED = 60 if IS_SMALL else float("inf")
OWN_JITTER_MS = 10
SECOND, MINUTE = 1000, 60000


def rate(text):
    count, unit = text.split("/")
    return int(count.replace(",", "")), {"s": SECOND, "min": MINUTE}[unit]


class Provider:
    """connections, rates of messages, rates of connections, messages per connection: what is written. `tight`: messages per second
    that this lets through; None when another limit is the tight one, or none is. `for_s`: how long they last of 100 s."""

    def __init__(self, number, connections, rates=(), tight=None, for_s=100, connects=(), deliveries=100, lab="", more="", count=0):
        self.name = "p%02d" % number
        self.number, self.connections, self.rates, self.connects = number, connections, rates, connects
        self.deliveries, self.lab, self.more, self.tight = deliveries, lab, more, tight
        per_s = [n * 1000 / period for n, period in map(rate, rates)]
        if tight is None and per_s:
            self.tight = min(per_s)
        self.count = int(count or (self.tight or 0) * for_s)

    def domain(self):
        return self.name + ".example"

    def limits(self):
        """The limits of messages, and those of connections, as (text, count, period)."""
        return [(t, *rate(t)) for t in self.rates], [(t, *rate(t)) for t in self.connects]


REGION, CLUB, CAPPED = "90/s", "180/s", "130/s"
PROVIDERS = [
    Provider(1, 1, ["20/s"]),
    Provider(2, 1, ["35/s"]),
    Provider(3, 2, ["50/s"]),
    Provider(4, 2, ["50/s", "1,500/min"]),
    Provider(5, 3, ["80/s", "4,200/min"]),
    # These two share the limit `region`, which is the tight one.
    Provider(6, 3, ["60/s"], count=4500, tight=45, more='additional_limits = ( "region" );'),
    Provider(7, 4, ["60/s"], count=4500, tight=45, more='additional_limits = ( "region" );'),
    Provider(8, 4, ["100/s"], deliveries=7),
    # Slow to greet: who reckons with connections that are there at once sends in gushes.
    Provider(9, 5, ["120/s"], for_s=75, deliveries=20, lab='rules = ( { at = "banner"; action = "accept"; delay_ms = 200; } );'),
    Provider(10, 6, ["150/s"], for_s=75),
    # Bound by its connections: 20 new ones a second, for 5 messages each.
    Provider(11, 7, connects=["20/s"], deliveries=5, tight=100),
    Provider(12, 8, ["200/s"], for_s=75),
    # Only for the jobs of the client `club`, which has a cap.
    Provider(13, 9, count=6750),
    Provider(14, 10, count=6750),
    # Only for the job `capped`, which has one, too.
    Provider(15, 12, count=4875),
    Provider(16, 14, count=4875),
    Provider(17, 16, ["300/s"], for_s=80),
    Provider(18, 18, ["500/s"], for_s=60),
    # Bound by nothing but 20 connections, where each reply takes its time.
    Provider(19, 20, count=8500, lab="delay_ms = 20;"),
    Provider(20, 20, ["1,500/s"], for_s=20),
]
# (name, its recipients are at, limit of all of these together); of a group's share, each of its members has an equal one.
GROUPS = [("region", ("p06", "p07"), REGION), ("client club", ("p13", "p14"), CLUB), ("job capped", ("p15", "p16"), CAPPED)]


def job_of(provider, i):
    """club has two jobs, whose cap is one."""
    if provider.number in (13, 14):
        return "club%d" % (1 + i % 2)
    return "capped" if provider.number in (15, 16) else "spring"


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


def quoted(texts):
    return "( " + ", ".join('"%s"' % t for t in texts) + " )"


def scenario():
    receivers = ",\n".join('    { name = "%s"; hosts = "mx{1..2}.%s 127.70.%d.1+"; %s }' % (p.name, p.domain(), p.number, p.lab)
                           for p in PROVIDERS)
    domains = ",\n".join('    { name = "%s"; receiver = "%s"; }' % (p.domain(), p.name) for p in PROVIDERS)
    return ('lab: { dns = "127.0.0.1:0"; smtp_port = 0; measure = ("1 s", "1 min"); };\nreceivers = (\n%s\n);\ndomains = (\n%s\n);\n'
            % (receivers, domains))


def provider_text(p):
    rates = quoted(p.rates) if p.rates else '"none"'
    connects = quoted(p.connects) if p.connects else '"none"'
    return ('    { name = "%s"; mx_suffix = ( ".%s" ); connection_limit = %d; max_message_rate = %s;\n'
            '      max_connection_rate = %s; max_deliveries_per_connection = %d; %s }'
            % (p.name, p.domain(), p.connections, rates, connects, p.deliveries, p.more))


def limits_conf():
    return ('limits = ( { name = "region"; max_message_rate = "%s"; } );\n'
            'clients = ( { name = "club"; max_message_rate = "%s"; } );\nproviders = (\n%s\n);\n'
            % (REGION, CLUB, ",\n".join(map(provider_text, PROVIDERS))))


def probe(path):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    worst = 0.0
    try:
        while True:
            due = time.monotonic() + 0.002
            time.sleep(0.002)
            worst = max(worst, time.monotonic() - due)
    finally:
        with open(path, "w", encoding="utf-8") as f:
            f.write("%d" % math.ceil(worst * 1000))


def make(folder, seconds):
    write(folder, "scenario.conf", scenario())
    write(folder, "limits.conf", limits_conf())
    rows = collections.defaultdict(list)
    for p in PROVIDERS:
        for i in range(int(p.count * seconds / 100)):
            rows[job_of(p, i)].append("%s-%d@%s,이름%d\n" % (job_of(p, i), i, p.domain(), i))
    for job, lines in rows.items():
        write(folder, job + ".csv", "email,name\n" + "".join(lines))
        client = "club" if job.startswith("club") else "bomnal"
        cap = 'max_message_rate = "%s";' % CAPPED if job == "capped" else ""
        write(folder, job + ".job", 'id = "%s"; client = "%s"; class = "ad"; from = "news@bomnal.example"; template = "spring-sale";\n'
              'recipients = "%s.csv"; %s\n' % (job, client, job, cap))
    print(sum(map(len, rows.values())))


# ---- judgement

def allowed(count, period_ms, jitter_ms):
    return count + 1 + math.floor(count * jitter_ms / period_ms)


def most_in(times, period_ms):
    """The most events in any stretch of a period; times in ms, sorted."""
    most = first = 0
    for i, t in enumerate(times):
        while times[first] <= t - period_ms:
            first += 1
        most = max(most, i - first + 1)
    return most


def read_log(path):
    """When the MAIL commands came that led to something: ms, by receiver, sorted."""
    accepted = collections.defaultdict(list)
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            fields = dict(part.split("=", 1) for part in line.split(" text=")[0].split(" ") if "=" in part)
            if fields.get("accepted") == "1":
                accepted[fields["receiver"]].append(int(fields["mail_us"]) / 1000)
    return {receiver: sorted(times) for receiver, times in accepted.items()}


class Judge:
    def __init__(self, stats, log, stall_ms):
        with open(stats, encoding="utf-8") as f:
            self.receivers = json.load(f)["receivers"]
        self.stall_ms = stall_ms
        self.jitter_ms = stall_ms + OWN_JITTER_MS
        self.accepted = read_log(log)
        self.faults = []
        self.rows = []

    def expect(self, good, what):
        if not good:
            self.faults.append(what)

    def peaks(self, name, what, limits, most_in_period):
        """"20 of 20/s" for each limit."""
        texts = []
        for text, count, period_ms in limits:
            seen, most = most_in_period(period_ms), allowed(count, period_ms, self.jitter_ms)
            texts.append("%d of %s" % (seen, text))
            self.expect(seen <= most, "%s: %d %s in one stretch of %s, allowed are %d" % (name, seen, what, text, most))
        return ", ".join(texts)

    def used(self, name, times, tight):
        """Delivered per second while mail waited, and the share of the limit that this is."""
        span_s = (times[-1] - times[0]) / 1000 or 1
        per_s = (len(times) - 1) / span_s
        if not tight:
            return per_s, ""
        self.expect(tight > FASTEST_JUDGED or per_s >= SHARE_USED * tight, "%s: %.1f messages/s are %.1f %% of %g/s" % (name, per_s, 100 * per_s / tight, tight))
        return per_s, "%.1f %%" % (100 * per_s / tight)

    def provider(self, p):
        r = self.receivers[p.name]
        messages, connections = p.limits()
        times = self.accepted[p.name]
        by_period = {peaks["period_ms"]: peaks["connections"] for peaks in r["peaks"]}
        self.expect(r["peak_connections"] <= p.connections, "%s: %d connections at once" % (p.name, r["peak_connections"]))
        self.expect(r["peak_messages_per_connection"] <= p.deliveries,
                    "%s: %d messages on one connection" % (p.name, r["peak_messages_per_connection"]))
        tight = None if p.number in (6, 7) else p.tight
        per_s, share = self.used(p.name, times, tight)
        self.rows.append((p.name, r["messages"], "%d of %d" % (r["peak_connections"], p.connections),
                          "%d of %d" % (r["peak_messages_per_connection"], p.deliveries),
                          self.peaks(p.name, "connections", connections, by_period.get),
                          self.peaks(p.name, "messages", messages, lambda ms: most_in(times, ms)), "%.1f" % per_s, share))

    def group(self, name, members, text):
        count, period_ms = rate(text)
        times = sorted(t for m in members for t in self.accepted[m])
        peaks = self.peaks(name, "messages", [(text, count, period_ms)], lambda ms: most_in(times, ms))
        both_wait = [t for t in times if t <= min(self.accepted[m][-1] for m in members)]
        per_s, share = self.used(name, both_wait, count * 1000 / period_ms)
        self.rows.append((name, len(times), "", "", "", peaks, "%.1f" % per_s, share))

    def show(self):
        heads = ("provider", "messages", "connections", "per conn.", "new conn.", "peak", "per s", "of limit")
        widths = [max(len(str(row[i])) for row in [heads, *self.rows]) for i in range(len(heads))]
        for row in [heads, *self.rows]:
            print("  ".join(str(v).ljust(w) if i in (0, 4, 5) else str(v).rjust(w) for i, (v, w) in enumerate(zip(row, widths))).rstrip())
        print("the machine held a sleeper up for %d ms at worst: N x %d ms / period + 1 more than N are allowed (lib/shaping.py)"
              % (self.stall_ms, self.jitter_ms))
        for fault in self.faults:
            print("FAULT:", fault)


def judge(stats, log, stall_ms):
    j = Judge(stats, log, stall_ms)
    for p in PROVIDERS:
        j.provider(p)
    for group in GROUPS:
        j.group(*group)
    j.show()
    return 1 if j.faults else 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], float(sys.argv[3]))
    elif sys.argv[1] == "probe":
        probe(sys.argv[2])
    else:
        sys.exit(judge(sys.argv[2], sys.argv[3], int(sys.argv[4])))
