#!/usr/bin/env python3
"""bench e2e: messages per second from the drop of a job (the rename) to the last message that the receivers accepted, the spool
durable, personalised 4 KB messages, one recipient each, over 100 domains through DNS; beside it in the same run the bare limit:
smtp-source with 50 sessions and the same message size against the same receiver process. Rounds alternate, because machines are
noisy; the ratio is taken within each."""
import argparse
import json
import os
import statistics
import subprocess
import time

from world import World, cpu_seconds, machine, peak_megabytes, table, unpacked_postfix, versions, wait_for

JOB = 'id = "{id}"; client = "bench"; class = "notice"; from = "벤치 <bench@sluice.example>"; template = "four-k";\nrecipients = "{list}";\n'
LINE = "{{name}}님, 이번 달 {{grade}} 회원 혜택과 적립금 {{points}}점을 안내해 드립니다. 쿠폰 번호는 {{coupon}}입니다.\n"


def write_template(world):
    """About 4 KB as sent."""
    folder = world.path("templates", "four-k")
    os.makedirs(folder)
    with open(os.path.join(folder, "subject.txt"), "w", encoding="utf-8") as f:
        f.write("{{name}}님께 드리는 소식")
    with open(os.path.join(folder, "text.txt"), "w", encoding="utf-8") as f:
        f.write(LINE * 21)


def campaign(world, number, count, seen):
    recipients = world.make_list(count, f"list{number}.csv", seed=number + 1)
    with open(recipients, encoding="utf-8") as f:
        mine = {line.split(",", 1)[0] for line in f} - seen  # two rounds may make the same address
    seen |= mine
    cpu, had = sum(cpu_seconds(world.daemon)), world.lab_accepted()
    start = time.time() * 1000
    world.drop(f"job{number}.job", JOB.format(id=f"bench{number}", list=os.path.basename(recipients)), recipients)
    wait_for("the campaign", lambda: world.lab_accepted() >= had + count, 600, 0.1)
    cpu = sum(cpu_seconds(world.daemon)) - cpu
    wait_for("the job's end", lambda: (world.status(f"bench{number}") or {}).get("state") == "done", 60, 0.1)
    taken = [r for r in world.lab_dump("dump.tsv") if r["recipient"] in mine and int(r["first_ms"]) >= int(start)]
    last = max(int(r["last_ms"]) for r in taken)
    return {"messages_per_s": count / (last - start) * 1000, "cpu_us": cpu / count * 1e6,
            "wrong": sum(r["accepted"] != "1" for r in taken) + len(mine) - len(taken)}


def bare(world, count, size):
    binary, libraries = unpacked_postfix()
    env = dict(os.environ, LD_LIBRARY_PATH=libraries)
    start = time.monotonic()
    subprocess.run([binary, "-d", "-s", "50", "-l", str(size), "-m", str(count), "-f", "bench@sluice.example", "-t", "to@d00.fast.example",
                    f"127.30.0.1:{world.ports['smtp']}"], check=True, env=env)
    return count / (time.monotonic() - start)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", required=True)
    p.add_argument("--source", required=True)
    p.add_argument("--count", type=int, default=100000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--connections", type=int, default=50)
    p.add_argument("--json", action="store_true")
    o = p.parse_args()
    rounds, seen = [], {"email"}
    with World(o.bin, o.source, connections=o.connections) as w:
        w.start_lab()
        w.write_conf(w.path("templates"))
        write_template(w)
        w.start_daemon()
        campaign(w, 0, min(o.count, 5000), seen)  # warm-up
        for n in range(1, o.rounds + 1):
            c = campaign(w, n, o.count, seen)
            c["bare"] = bare(w, o.count, 4096)
            c["ratio"] = c["messages_per_s"] / c["bare"]
            rounds.append(c)
        peak = peak_megabytes(w.daemon)
        of = versions(w)
    result = {"machine": machine(), "versions": of, "count": o.count, "connections": o.connections, "rounds": rounds,
              "median_ratio": statistics.median(c["ratio"] for c in rounds), "peak_mb": peak}
    if o.json:
        print(json.dumps(result, indent=1))
        return
    print(f"{o.count:,} messages of about 4 KB per round, {o.connections} connections, spool durable")
    print(f"{result['machine']}; {result['versions']}")
    table([["round", "Sluice/s", "smtp-source/s", "ratio", "CPU us/message", "not accepted once"]] +
          [[str(n + 1), f"{c['messages_per_s']:,.0f}", f"{c['bare']:,.0f}", f"{c['ratio']:.2f}", f"{c['cpu_us']:.0f}", str(c["wrong"])]
           for n, c in enumerate(rounds)])
    print(f"median ratio {result['median_ratio']:.2f}; daemon's peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
