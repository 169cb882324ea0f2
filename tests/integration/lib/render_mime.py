"""render_mime.py SAMPLE TEMPLATES COUNT JOBS: COUNT messages with hostile values in them, over templates of every shape. Each is read
back by Python's email package and compared with what a renderer of its own expects (mime_reference.py).

What fails is printed: the shape, the row, what is wrong. The same COUNT gives the same rows.
"""
import base64
import concurrent.futures
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import mime_hostile as hostile
import mime_reference as reference
import mime_strict as strict
from mime_shapes import SHAPES, SHIPPED, TRACKING
from mime_strict import Malformed, must

BATCH = 500
TOKEN = TRACKING + "/%s/[A-Za-z0-9_-]+"
PIXEL = re.compile("<img src=\"" + TOKEN % "o" + "\\.gif\" [^<>]*>")
PREHEADER = re.compile("<div style=\"display:none[^<>]*>(.*?)(?:&#847;&zwnj;&nbsp;)+</div>\r\n", re.S)
BASE = ["Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"]
LISTED = ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "CFBL-Address", "CFBL-Feedback-ID", "Auto-Submitted"]
FIELD_MAX, URI_MAX = 2000, 900  # what is longer is refused

# ---- rows


def make_row(rng, columns):
    v = hostile.value
    row = {"name": v(rng), "word": v(rng, 2), "note": v(rng, 6), "raw": v(rng), "link": rng.choice(hostile.LINKS)}
    row["price"], row["layout"] = rng.choice(hostile.PRICES), rng.choice(["a", "b", "a", "b", v(rng, 1)])
    row["flag"] = rng.choice([True, False, None, "", "x", 0, 1.5])
    row["items"] = [{"title": v(rng), "price": rng.choice(hostile.PRICES), "link": rng.choice(hostile.LINKS),
                     "quantity": rng.choice([1, -2, 3.5, None, True, v(rng, 1)])} for _ in range(rng.randrange(4))]
    for name in list(row):
        if rng.random() < 0.06:
            row[name] = None
        elif rng.random() < 0.06:
            del row[name]
    if columns:  # a CSV has texts only
        row = {c: row.get(c) if isinstance(row.get(c), str) else "" for c in columns}
    return rng.choice(hostile.ADDRESSES), row


def render(sample, folder, columns, options, rows, rng):
    """One (message, None) or (None, reason) per row."""
    def line(address, row):
        return address[0].encode() + b"\t" + hostile.json_text(rng, list(row.values()) if columns else row) + b"\n"

    out = subprocess.run([sample, folder, json.dumps(columns)] + options, input=b"".join(line(*r) for r in rows),
                         stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for _ in rows:
        end = out.index(b"\n", at)
        is_refused = out[at:at + 1] == b"!"
        at = end + 1 + int(out[at + is_refused:end])
        yield (None, out[end + 1:at].decode("utf-8", "replace")) if is_refused else (out[end + 1:at], None)
    must(at == len(out), "more messages than rows")


# ---- charsets


def has(charset, text):
    """Whether the charset has the text. Python's own EUC-KR has more than KS X 1001: syllables in eight bytes."""
    for c in set(text) - {"\u20a9"}:  # see same_won
        try:
            if len(c.encode("euc-kr")) > 2 or (charset == "iso-2022-kr" and c in "\x0e\x0f\x1b"):
                return False
        except UnicodeEncodeError:
            return False
    return True


# What stands for a character that Korean charsets lack.
EQUIVALENTS = {
    " ": "\xa0 \u2028 \u2029 \u202f \u205f " + " ".join(map(chr, range(0x2000, 0x200b))),
    "-": "\u2010 \u2011 \u2012 \u2013 \u2014 \u2043 \u2212", "\xb7": "\u2022 \u2023 \u2027 \u2219 \u22c5 \u25e6 \u30fb",
    "/": "\u2044 \u2215", ",": "\u201a", ".": "\u2024", "(c)": "\xa9", "\u2018": "\u201b", "\u201c": "\u201e \u201f", "\u300a": "\xab",
    "\u300b": "\xbb", "\u3008": "\u2039", "\u3009": "\u203a", "\uffe0": "\xa2", "\uffe1": "\xa3", "\uffe5": "\xa5", "\u03bc": "\xb5",
    "\uff5e": "\u301c",
}
WIDTHLESS = "[\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"


def replaced(c):
    return "" if re.match(WIDTHLESS, c) else next((k for k, v in EQUIVALENTS.items() if c in v.split(" ")), "?")


def fit(text, charset, is_html=False):
    if charset == "utf-8":
        return text
    other = (lambda c: "&#%d;" % ord(c)) if is_html else replaced
    return "".join(c if c == reference.TRACKED or has(charset, c) else other(c) for c in text)


def comparable(text, charset):
    """The wide won sign stands for the other one in Korean charsets. There values are cleaned when they stand in the text already: a CR at
    the end of one and an LF at the beginning of the next are one line end then."""
    return text if charset == "utf-8" else re.sub("(\r\n)+", "\r\n", text.replace("\u20a9", "\uffe6"))


# ---- expectations


class Expected:
    """What one row's message must say."""

    def __init__(self, shape, address, row):
        self.options, files = shape["options"], shape["files"]
        self.address, scopes = address[1], [dict(row, email=address[0])]
        is_tracked = "clicks" in self.options
        text, page = reference.Renderer(files, False, is_tracked), reference.Renderer(files, True, is_tracked)
        self.fields = [text.field(files.get(n, ""), scopes) for n in ("subject.txt", "to.txt")]
        self.bodies = [r.run(files[n].replace("\n", "\r\n"), scopes) if n in files else None
                       for n, r in (("text.txt", text), ("html.html", page)) if n in files or "text_from_html" in self.options]
        self.preheader = page.run(files["preheader.txt"], scopes) if "preheader.txt" in files else None
        refusal = reference.Renderer(files, False, is_tracked)
        self.unsubscribe = refusal.run(shape["unsubscribe"], scopes) if shape["unsubscribe"] else ""
        # A link that does not say who refuses never leaves, whatever "missing" says.
        self.is_missing = refusal.is_missing or (self.options.get("missing") == "skip" and (text.is_missing or page.is_missing))

    def is_refused(self):
        return self.is_missing or self.address is None or max(map(len, self.fields)) > FIELD_MAX or len(self.unsubscribe) > URI_MAX

    def is_fitting(self, charset):
        texts = [hostile.in_header(f) for f in self.fields] + [b.replace(reference.TRACKED, "") for b in self.bodies]
        return all(has(charset, t) for t in texts)


def check_charset(expected, message):
    """The charset that the message has, after looking whether it should have it; and its bodies."""
    wanted, fallback = expected.options.get("charset", "utf-8"), expected.options.get("charset_fallback")
    bodies = [p for p in message.walk() if p.get_content_maintype() == "text" and not p.get_filename()]
    charsets = {p.get_content_charset() for p in bodies}
    must(len(charsets) == 1, "charsets", charsets)
    charset = charsets.pop()
    is_wanted = wanted == "utf-8" or fallback == "replace" or expected.is_fitting(wanted)
    must(charset == (wanted if is_wanted else "utf-8"), "another charset", charset)
    return charset, bodies


def check_fields(expected, message, charset):
    want, name = (comparable(hostile.one_line(fit(hostile.in_header(f), charset)), charset) for f in expected.fields)
    subject = comparable(str(message["Subject"]), charset)
    must(subject == want, "the subject", subject, want)
    to = message["To"].addresses
    must(len(to) == 1 and to[0].addr_spec == expected.address, "the address", str(message["To"]))
    # Not by display_name: the package leaves blanks between encoded words in it, unlike in subjects.
    shown = comparable(strict.phrase(strict.raw_value(message, "To").replace("\r\n", "")), charset)
    must(shown == name, "the name", shown, name)
    sender = message["From"].addresses
    must((sender[0].display_name, sender[0].addr_spec) == ("봄날상회", "news@bomnal.example"), "From", str(message["From"]))
    if expected.unsubscribe:
        want = "<%s>, <mailto:off@bomnal.example?subject=off>" % expected.unsubscribe
        must(str(message["List-Unsubscribe"]) == want, "List-Unsubscribe", str(message["List-Unsubscribe"]), want)


def without_ours(expected, text, is_html):
    """Takes out what is not the template's: marks for tokens, no pixel, no preheader."""
    if "clicks" in expected.options:
        text = re.sub(TOKEN % "c", reference.TRACKED, text)
    if is_html and "opens" in expected.options:
        text, pixels = PIXEL.subn("", text)
        must(pixels == 1, "%d pixels" % pixels)
    if is_html and expected.preheader is not None:
        m = PREHEADER.search(text)
        must(m and m.group(1) == expected.preheader, "the preheader", m and m.group(1), expected.preheader)
        text = text[:m.start()] + text[m.end():]
    return text


def check_body(expected, want, part, charset):
    is_html = part.get_content_type() == "text/html"
    text = without_ours(expected, part.get_payload(decode=True).decode(charset), is_html)
    if want is None:  # derived from the HTML
        must(text.strip(), "an empty text")
        return
    if is_html:
        text = re.sub("src=\"cid:[^\"]+\"", "src=\"images/봄.png\"", text, count=1)
        want = want.replace("meta charset=\"utf-8\"", "meta charset=\"%s\"" % charset, 1)
    text, want = comparable(text, charset).rstrip("\r\n"), comparable(fit(want, charset, is_html), charset).rstrip("\r\n")
    if text != want:
        at = next((i for i, (a, b) in enumerate(zip(text, want)) if a != b), min(len(text), len(want)))
        near = slice(max(at - 30, 0), at + 60)
        raise Malformed("%s, at %d: %r instead of %r" % (part.get_content_type(), at, text[near], want[near]))


def check_files(shape, message):
    found = {}
    for p in message.walk():
        if p.get_filename():
            found[p.get_filename()] = p.get_payload(decode=True)
            must(p.get_content_disposition() == ("inline" if p["Content-ID"] else "attachment"), "a disposition")
            must(not p["Content-ID"] or ("cid:" + p["Content-ID"].strip("<>")).encode() in b"".join(
                b.get_payload(decode=True) for b in message.walk() if b.get_content_type() == "text/html"), "an image that nothing shows")
    want = {n.split("/", 1)[1]: b for n, b in shape["files"].items() if isinstance(b, bytes)}
    must(found == want, "the files", {n: len(b) for n, b in found.items()})


def names_of(shape):
    names = BASE + (["Content-Transfer-Encoding"] if isinstance(shape["tree"], str) else [])
    return names + (LISTED if "list_id" in shape["options"] else []) + ["DKIM-Signature"] * len(shape["options"].get("dkim", []))


def check(shape, address, row, data, reason, keys):
    """Whether there was a message, after looking at it, or at why not."""
    if shape["tree"] is None:  # a shipped template
        must(data is not None or address[1] is None or "bytes long" in reason, "refused", reason)
        if data is not None:
            strict.parse(data, None)
        return data is not None
    expected = Expected(shape, address, row)
    must((data is None) == expected.is_refused(), "refused" if data is None else "not refused", reason)
    if data is None:
        return False
    message = strict.parse(data, names_of(shape))
    must(strict.structure(message) == shape["tree"], "the structure", strict.structure(message))
    charset, bodies = check_charset(expected, message)
    check_fields(expected, message, charset)
    must(len(bodies) == len(expected.bodies), "%d bodies" % len(bodies))
    for part, want in zip(bodies, expected.bodies):
        check_body(expected, want, part, charset)
    check_files(shape, message)
    if "dkim" in shape["options"]:
        strict.check_signatures(data, "bomnal.example", keys["rsa"])
    return True


# ---- the whole


def write_folder(folder, files):
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else reference.mustache(text).encode())


def make_keys(folder):
    paths = {n: os.path.join(folder, n) for n in ("RSA", "ED", "KEYS")}
    for name, options in (("RSA", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ED", ["ED25519"])):
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm"] + options + ["-out", paths[name]], check=True)
    with open(paths["KEYS"], "w", encoding="ascii") as f:
        f.write("1 " + base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=") + "\n")
    modulus = subprocess.run(["openssl", "rsa", "-in", paths["RSA"], "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
    for path in paths.values():
        os.chmod(path, 0o600)
    return {"paths": paths, "rsa": (int(modulus.split("=")[1], 16), 65537)}


def option_list(shape, paths):
    options = [(n, v) for n, vs in shape["options"].items() for v in (vs if isinstance(vs, list) else [vs])]
    if shape["unsubscribe"]:
        options.append(("unsubscribe_url", reference.mustache(shape["unsubscribe"])))
    return ["%s=%s" % (n, re.sub("\\b(RSA|ED|KEYS)$", lambda m: paths[m.group()], v)) for n, v in options]


def run_batch(sample, folder, name, keys, seed, count):
    """(messages, rows refused as they must be, failures)"""
    rng, shape = random.Random(seed), SHAPES[name]
    rows = [make_row(rng, shape["columns"]) for _ in range(count)]
    made, refused, failures = 0, 0, []
    for (address, row), (data, reason) in zip(rows, render(sample, folder, shape["columns"], option_list(shape, keys["paths"]), rows, rng)):
        try:
            is_made = check(shape, address, row, data, reason, keys)
            made, refused = made + is_made, refused + (not is_made)
        except Exception as e:  # whatever the email package stumbles over is a finding too
            failures.append("%s, seed %s, %s, %.600r: %s: %.1200s" % (name, seed, address[0], row, type(e).__name__, e))
    return made, refused, failures


def main(sample, templates, count, jobs):
    start, made, refused, failures = time.time(), 0, 0, []
    with tempfile.TemporaryDirectory() as top, concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        keys, waiting, per_shape = make_keys(top), [], -(-count // len(SHAPES))
        for name, shape in SHAPES.items():
            folder = os.path.join(templates, name) if name in SHIPPED else os.path.join(top, name.replace("/", "-"))
            write_folder(folder, shape["files"])
            for at in range(0, per_shape, BATCH):
                waiting.append(pool.submit(run_batch, sample, folder, name, keys, "%s %d" % (name, at), min(BATCH, per_shape - at)))
        for done in concurrent.futures.as_completed(waiting):
            m, r, f = done.result()
            made, refused, failures = made + m, refused + r, failures + f
    print("\n".join(failures[:20]))
    print("%d messages of %d shapes read back, %d rows refused as they must be, %d failures, %.1f s"
          % (made, len(SHAPES), refused, len(failures), time.time() - start))
    return 1 if failures or not made else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
