#!/bin/bash
# Rendered messages, read back by an independent parser: Python's email package. Skipped where Python or the helper
# program (tools/bench.d/render) is missing.
set -eu
sample=$SLUICE_BIN/render_sample
[ -x "$sample" ] || exit 77
command -v python3 >/dev/null || exit 77
exec python3 - "$sample" "$SLUICE_SRC/templates" <<'PY'
import email, email.policy, html, json, random, subprocess, sys

sample, templates = sys.argv[1:]
random.seed(1)
nasty = ["홍길동", "Kim <b>", "x\r\nBcc: victim@mail.example", "\n.\n", "\r\n\r\n", "\x00", "{{name}}", "..", " ",
         "=?UTF-8?B?aGk=?=", "가" * 200, "w" * 1500, "😀", "\t", "a&b\"c'", "--=_", "\x1b[31m", "각", ""]
columns = ["name", "grade", "points", "coupon", "until", "product", "price", "store"]

def value():
    return "".join(random.choice(nasty) for _ in range(random.randrange(3)))

def visible(s):
    """What a body keeps of a value: line ends made CRLF, other control characters gone (NUL is U+FFFD in our JSON)."""
    s = s.replace("\x00", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in s if c in "\n\t" or ord(c) >= 32 and ord(c) != 127)

def render(folder, columns, rows):
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    out = subprocess.run([sample, templates + "/" + folder, json.dumps(columns)], input=text.encode(),
                         stdout=subprocess.PIPE, check=True).stdout
    messages = out.split(b"\0\n")
    assert messages.pop() == b"" and len(messages) == len(rows), "messages are missing"
    return messages

def check(raw):
    for line in raw.split(b"\r\n"):
        assert b"\n" not in line and b"\r" not in line and len(line) <= 998, line
    m = email.message_from_bytes(raw, policy=email.policy.default)
    for name in ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(m.get_all(name)) == 1, name
    assert m["Bcc"] is None and not m.defects, m.defects
    assert m["To"] == "kim@xn--bj0bj06e.example" and "봄날상회" in m["From"]
    parts = [p for p in m.walk() if not p.is_multipart()]
    assert [p.get_content_type() for p in parts] == ["text/plain", "text/html"]
    for p in parts:
        assert not p.defects, p.defects
    return m, [p.get_payload(decode=True).decode() for p in parts]

rows = [[value()[:200] for _ in columns] for _ in range(2000)] # a longer subject would be refused
done = 0
for row, raw in zip(rows, render("spring-sale", columns, rows)):
    m, (text, page) = check(raw)
    assert str(m["Subject"]).startswith("(광고) "), m["Subject"]
    for v in (row[3], row[5]):
        v = visible(v)
        assert v in text.replace("\r\n", "\n"), (v, text)
        assert html.escape(v).replace("&#x27;", "&#39;") in page.replace("\r\n", "\n"), v
    done += 1
items = [{"name": value()[:100], "items": [{"title": value(), "quantity": q, "price": "1,000"} for q in range(4)]}
         for _ in range(300)]
for raw in render("cart-reminder", [], items):
    check(raw)
    done += 1
print(done, "messages read back")
PY
