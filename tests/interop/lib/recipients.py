#!/usr/bin/env python3
"""Recipients with values for all shipped templates, as NDJSON.   recipients.py TEMPLATE DOMAIN COUNT CHANGED

COUNT addresses TEMPLATE-0001@DOMAIN, and CHANGED that begin with "changed-": their messages are changed on the way. The
values differ from row to row, in length, script and in what canonical forms touch: blanks in runs and at the ends of
lines, tabs, dots in front, quotes, signs that HTML, URLs and headers escape.
"""
import json
import random
import sys

NAMES = ["김하나", "이 두리", "박  세찬", "O'Brien \"Bob\"", "남궁 다섯여섯", "Ünal <x>", "최\t여섯", "  앞뒤  ", "李七", "a" * 60,
         "한글이름이아주아주길어서머리말에서여러낱말로나뉘는사람입니다정말로깁니다", "&amp; & Co.", "이름; 값=1", "🌸봄🌸"]
GOODS = ["린넨 셔츠", "가죽 운동화 (250mm)", ".점으로 시작하는 상품", "Wool & Silk <50%>", "양말  세 켤레", "\"특가\" 모자", "From 상품", "꽃병 " * 12]


def row(rng, email, number):
    items = [{"title": rng.choice(GOODS), "name": rng.choice(GOODS), "option": rng.choice(["", "파랑 / L", "한 개  더"]),
              "quantity": rng.randint(1, 9), "price": f"{rng.randint(1, 99)},{rng.randint(0, 9)}00",
              "image": f"https://img.bomnal.example/{number}.png", "url": f"https://bomnal.example/p/{number}?a=1&b=한글",
              "summary": " ".join(rng.choice(GOODS) for _ in range(rng.randint(0, 20)))}
             for _ in range(rng.randint(0, 6))]
    return {"email": email, "name": rng.choice(NAMES), "grade": rng.choice(["", "VIP", "골드"]), "product": rng.choice(GOODS),
            "price": f"{rng.randint(1, 99)},000", "coupon": f"SP-{number:04}", "until": "2026-12-31", "points": rng.randint(0, 99999),
            "store": rng.choice(["", "명동점", "부산  서면점\t2층"]), "items": items, "articles": items, "total": "123,400",
            "consent_date": "2024-11-22", "date": "2026-11-22", "channel": "이메일", "channels": "이메일, 문자"}


def main(template, domain, count, changed):
    rng = random.Random(template)
    rows = [f"{template}-{i:04}@{domain}" for i in range(1, int(count) + 1)]
    rows += [f"changed-{template}-{i:04}@{domain}" for i in range(1, int(changed) + 1)]
    for number, email in enumerate(rows):
        print(json.dumps(row(rng, email, number), ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
