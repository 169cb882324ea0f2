#!/usr/bin/env python3
"""bench trigger: while a bulk job of a million recipients runs, a shop drops one-line files for a standing job. From the rename
of each file to the first attempt at the receiver (the lab's own clock, milliseconds): median, 99th percentile, maximum."""
import argparse
import json
import os
import random
import time

from world import World, machine, table, versions, wait_for

BULK = 'id = "bulk"; client = "bench"; class = "notice"; from = "bench@sluice.example"; template = "short"; recipients = "bulk.csv";\n'
STANDING = 'id = "cart"; client = "shop"; class = "transactional"; priority = "urgent"; standing = true; from = "shop@sluice.example"; template = "short";\n'


def write_template(world):
    folder = world.path("templates", "short")
    os.makedirs(folder)
    for name, text in (("subject.txt", "{{name}}님"), ("text.txt", "{{name}}님, 장바구니에 담아 두신 상품이 있습니다.\n" * 20)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)


def pull(world, number, rng):
    """One trigger; returns its address and when it was dropped."""
    address = f"cart{number}@d{rng.randrange(100):02d}.fast.example"
    temp, final = world.path("drop", f".t{number}"), world.path("drop", f"cart.t{number}.ndjson")
    with open(temp, "w", encoding="utf-8") as f:
        f.write(json.dumps({"email": address, "name": "김하늘"}, ensure_ascii=False) + "\n")
    at = time.time() * 1000
    os.rename(temp, final)
    return address, at


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", required=True)
    p.add_argument("--source", required=True)
    p.add_argument("--bulk", type=int, default=1000000)
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--every-ms", type=float, default=100)
    p.add_argument("--json", action="store_true")
    o = p.parse_args()
    rng = random.Random(7)
    with World(o.bin, o.source) as w:
        w.start_lab()
        w.write_conf(w.path("templates"))
        write_template(w)
        w.start_daemon()
        w.drop("cart.job", STANDING)
        recipients = w.make_list(o.bulk, "bulk.csv")
        w.drop("bulk.job", BULK, recipients)
        wait_for("the bulk job to flow", lambda: w.lab_accepted() > 2000, 120, 0.1)
        dropped = {}
        for number in range(o.count):
            address, at = pull(w, number, rng)
            dropped[address] = at
            time.sleep(o.every_ms / 1000)
        bulk_left = o.bulk - w.lab_accepted()
        first = {}

        def all_seen():
            first.update((r["recipient"], int(r["first_ms"])) for r in w.lab_dump("dump.tsv") if r["recipient"] in dropped)
            return len(first) == o.count

        wait_for("the last trigger", all_seen, 60, 1)
        of = versions(w)
    late = sorted(max(0, first[a] - dropped[a]) for a in dropped)
    result = {"machine": machine(), "versions": of, "bulk": o.bulk, "bulk_left": bulk_left, "count": o.count, "median_ms": late[len(late) // 2],
              "p99_ms": late[min(len(late) - 1, int(len(late) * 0.99))], "max_ms": late[-1]}
    if o.json:
        print(json.dumps(result, indent=1))
        return
    print(f"{o.count} triggers while a bulk job of {o.bulk:,} runs ({bulk_left:,} were left at the end)")
    print(f"{result['machine']}; {result['versions']}")
    table([["rename to first attempt", "ms"], ["median", f"{result['median_ms']:.0f}"], ["99th percentile", f"{result['p99_ms']:.0f}"],
           ["maximum", f"{result['max_ms']:.0f}"]])


if __name__ == "__main__":
    main()
