"""Hostile values, as JSON that holds them and as what a message may show of them.

A value is a str. Two kinds of code points stand for what no text holds: U+DC80..U+DCFF is one byte that is no UTF-8 (as Python's
surrogateescape has it), any other surrogate is half of a pair, escaped in JSON and alone there.
"""
import codecs
import re

codecs.register_error("one_by_one", lambda e: ("\ufffd", e.start + 1))

PIECES = [
    "홍길동", "김 철수", "Kim", "고객님", "가각갂", " ", "  ", "", "\t", ",", ".", "..", ". ", "\n.\n", "\r\n.\r\n", "\r\n..\r\n", "\n", "\r", "\r\n",
    "\n\r", "\r\nBcc: x@y.example", "\nBcc: x@y.example\n", "\r\n\r\n<html>", "\rSubject: x\r", "\u2028Bcc: x@y.example", "\u2029",
    "\x85Bcc: x", "\x0b", "\x0c", "\x00", "a\x00b", "\x1b[31m", "\x7f", "\x08", "\x0e가\x0f", "\x1b$)C", "{{name}}", "{{", "}}", "{{{x}}}",
    "{{#items}}", "{{/items}}", "{{=<% %>=}}", "{{> p}}", "{{!", "<b>", "</body>", "</p>", "<script>alert(1)</script>", "<!--", "-->", "\"",
    "'", "\" onload=\"x", "'><img src=x onerror=alert(1)>", "&", "&amp;", "&#39;", "&lt", "<a href=\"https://evil.example/\">x</a>",
    "=?UTF-8?B?aGk=?=", "=?EUC-KR?B?sKE=?=", "=?utf-8?q?=0D=0A?=", "?=", "=?", "=", "=3D", "=\r\n", "--=_0123456789abcdef.1",
    "\r\n--=_0123456789abcdef.2--\r\n", "--=_0123456789abcdef.3", "\r\n--\r\n", "-- ", "From ", "\nFrom x\n", "(", ")", "<", ">", "@", ";",
    ":", "\\", "\\\"", "[", "]", "%", "%0d%0a", "%00", "😀", "👨‍👩‍👧", "🇰🇷", "👍🏽", "❤️", "e\u0301", "\u0301", "\u1112\u1161\u11ab", "\u11ab",
    "\u200d", "\u200e\u202e", "\u2067\u05d0", "עברית", "العربية", "\ufeff", "\u00a0", "\u3000", "ｆｕｌｌ", "뷁", "똠방각하", "₩", "€", "㈜", "①",
    "漢字", "ß", "\u00ad", "\udcff", "\udcc3", "\udced\udca0\udc80", "\udcc0\udcaf", "\udcf4\udc90\udc80\udc80", "\udce4\udcb8",
    "\udcef\udcbf\udcbe", "\ud83d", "\ude00", "\ude00\ud83d", "\ud800", "\U0010ffff", "\ufffe", "https://shop.example/",
    "javascript:alert(1)", "mailto:x@y.example", "1,000", "59000",
]
LINKS = [
    "https://shop.example/p/1", "http://shop.example/?a=1&b=2", "HTTPS://SHOP.EXAMPLE/", "https://한글.example/가", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", " javascript:x", "java\nscript:alert(1)", "\x01javascript:x", "data:text/html,<script>", "vbscript:x",
    "mailto:kim@mail.example", "tel:+82-2-1234-5678", "sms:010", "//shop.example/x", "/relative?x=1", "https://shop.example/\"><script>",
    "https://shop.example/\r\nBcc: x", "", "https://shop.example/a b", "ftp://shop.example/",
]
PRICES = ["59000", "59,000", "59000.5", "-1234567.449", "12,34", "무료", "", "0", " 1000 ", "1e5", "1,234,567", "\x00", "7\r\n"]

# Address as it stands in the queue, and as the message must show it; None: it cannot be shown.
ADDRESSES = [
    ("kim@naver.example", "kim@naver.example"), ("kim+tag@mail.example", "kim+tag@mail.example"),
    ("o'hara@mail.example", "o'hara@mail.example"), ("kim@한글.example", "kim@xn--bj0bj06e.example"),
    ("\"a b\"@mail.example", "\"a b\"@mail.example"), ("\"a@b\"@mail.example", "\"a@b\"@mail.example"),
    ("very.common_address-1234567890.with.many.parts@sub.sub.mail.example", "very.common_address-1234567890.with.many.parts@sub.sub.mail.example"),
    ("!#$%&'*+/=?^_`{|}~-@mail.example", "!#$%&'*+/=?^_`{|}~-@mail.example"), ("김@mail.example", None),
]


def value(rng, most=3):
    """A few pieces, now and then very long."""
    text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(most + 1)))
    kind = rng.random()
    if kind < 0.01:
        text += rng.choice(["w", "가", "😀", "=", "<", ".\n", "a\r\n", " ", "%"]) * rng.randrange(5000, 7000)
    elif kind < 0.05:
        text += rng.choice(["긴 말 ", "가", "word ", "w", "😀", "\u0301", "\udcff", "'"]) * rng.randrange(10, 90)
    return text


def _pairs(text):
    """Halves that meet in JSON are one character."""
    join = lambda m: m.group().encode("utf-16", "surrogatepass").decode("utf-16")
    return re.sub("[\ud800-\udbff][\udc00-\udc7f\udd00-\udfff]", join, text)


def raw(text):
    """The bytes that the value has when it is read from JSON."""
    text = _pairs(text).replace("\0", "\ufffd")
    text = re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", text)
    return text.encode("utf-8", "surrogateescape")


def shown(data):
    """Bytes as characters: each that is no UTF-8 is U+FFFD."""
    return data.decode("utf-8", "one_by_one")


def in_body(data):
    text = re.sub("\r\n|\r|\n", "\r\n", shown(data))
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)


def one_line(text):
    return re.sub("[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip(" ")


def in_header(data):
    return one_line(shown(data))


def json_text(rng, v):
    """JSON of a row: escapes where there must be one, and sometimes where there need not."""
    if isinstance(v, dict):
        return b"{" + b",".join(json_text(rng, k) + b":" + json_text(rng, x) for k, x in v.items()) + b"}"
    if isinstance(v, list):
        return b"[" + b",".join(json_text(rng, x) for x in v) + b"]"
    if v is None or isinstance(v, bool):
        return {None: b"null", True: b"true", False: b"false"}[v]
    if not isinstance(v, str):
        return repr(v).encode()
    plain = rng.random() < 0.8
    return b'"' + b"".join(_json_char(rng, c, plain) for c in _pairs(v)) + b'"'


def _json_char(rng, c, plain):
    short = {"\"": b'\\"', "\\": b"\\\\", "\n": b"\\n", "\r": b"\\r", "\t": b"\\t", "/": b"\\/"}
    code = ord(c)
    if c in short and (c != "/" or not plain):
        return short[c]
    if 0xdc80 <= code <= 0xdcff:
        return bytes([code - 0xdc00])
    if code < 0x20 or 0xd800 <= code <= 0xdfff or (not plain and rng.random() < 0.3):
        units = c.encode("utf-16-be", "surrogatepass")
        return b"".join(b"\\u%04x" % (units[i] << 8 | units[i + 1]) for i in range(0, len(units), 2))
    return c.encode()
