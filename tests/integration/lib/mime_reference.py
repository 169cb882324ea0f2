"""What a message's texts must be: a second renderer, for templates that say where each value stands.

    [[html:name]]        {{name}}, escaped for HTML           [[text:name]]   {{name}} in plain text
    [[raw:name]]         {{{name}}}                           [[html:price|won]]  through filters
    [[url:link]]         {{link}}, at the beginning of a URL  [[path:word]] [[query:word]]  further on in it
    [[host:word]]        within a host                        [[address:name]]  behind mailto:
    [[if:name]] [[not:name]] [[each:items]] ... [[end]]       sections
    [[when:price >= 1000]] ... [[end]]                        a comparison
    [[partial:p]] [[dynamic:layout]]                          {{> p}}, {{>*layout}}
    [[link]] ... [[/link]]                                    a URL that tracking may replace
"""
import html
import re
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import quote

import mime_hostile as hostile

TAG = re.compile(r"\[\[(/?\w+)(?::([^\]|]+)((?:\|[^\]]*)?))?\]\]")
TRACKED = "\ue000"  # in the place of each URL that tracking replaced
SECTIONS = ("if", "not", "each", "when")
SCHEMES = ("http", "https", "mailto", "tel", "sms")


def mustache(text):
    """The template as Sluice reads it."""
    open_names = []

    def tag(m):
        kind, name, filters = m.groups()
        if kind in ("link", "/link"):
            return ""
        if kind == "end":
            return "{{/%s}}" % open_names.pop()
        if kind in ("partial", "dynamic"):
            return "{{>%s%s}}" % ("*" if kind == "dynamic" else "", name)
        if kind in SECTIONS:
            open_names.append(name.split(" ")[0])
            return "{{%s%s}}" % ("^" if kind == "not" else "#", name)
        return ("{{{%s%s}}}" if kind == "raw" else "{{%s%s}}") % (name, filters)

    return TAG.sub(tag, text)


# ---- values


def scalar(v):
    """The bytes of a value; b"": there is none."""
    if isinstance(v, str):
        return hostile.raw(v)
    if isinstance(v, bool):
        return b"true" if v else b"false"
    return b"" if v is None or isinstance(v, (list, dict)) else repr(v).encode()


def decimal(data):
    text = data.decode("latin-1").strip(" \t\r\n")
    is_number = re.fullmatch(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?|[+-]?\.\d+", text)
    return Decimal(text.replace(",", "")) if is_number else None


def compared(left, sign, right):
    if not left or not right:
        return left == right if sign in ("==", "<=", ">=") else sign == "!=" and left != right
    if decimal(left) is not None and decimal(right) is not None:
        left, right = decimal(left), decimal(right)
    return {"==": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def number(data, decimals, unit):
    value = decimal(data)
    if value is None:
        return data
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return (format(abs(rounded) if rounded == 0 else rounded, ",f") + unit).encode()


def upper(data):
    change = lambda c: c.upper() if len(c.upper()) == 1 else c
    return "".join(map(change, data.decode("utf-8", "surrogateescape"))).encode("utf-8", "surrogateescape")


def apply_filter(data, f):
    name, _, argument = f.partition(":")
    if name == "url":
        return quote(hostile.shown(data), safe="-._~").encode()
    if name == "won":
        return number(data, 0, "원")
    if name == "number":
        return number(data, int(argument or 0), "")
    if name == "upper":
        return upper(data)
    return f.strip('"').encode() if not data else data


def through(data, filters):
    for f in filters.split("|")[1:]:
        if data or f not in ("url", "won", "upper") and not f.startswith("number"):
            data = apply_filter(data, f)
    return data


# ---- places


def escape(text):
    return html.escape(text, quote=True).replace("&#x27;", "&#39;")


def whole_url(data):
    """A value that is a URL: "#" when its scheme could run something."""
    text = re.sub("[\x00-\x1f\x7f]", "", hostile.shown(data))
    scheme = re.match(" *([^:/?#]*):", text)
    return "#" if scheme and scheme.group(1).lower() not in SCHEMES else text


KEPT = {"host": "-._~", "path": "/-._~", "query": "-._~", "address": "@+-._~"}


def placed(kind, data, is_encoded, is_html):
    if kind == "raw":
        return hostile.in_body(data)
    if kind == "url":
        return escape(whole_url(data)) if is_html else whole_url(data)
    if kind in KEPT:
        text = re.sub("[\x00-\x1f\x7f]", "", hostile.shown(data))
        return text if is_encoded else quote(text, safe=KEPT[kind])
    text = hostile.in_body(data)
    return escape(text) if kind == "html" else text


class Renderer:
    """is_missing: some variable stayed empty."""

    def __init__(self, files, is_html=False, is_tracked=False):
        self.files, self.is_html, self.is_tracked, self.is_missing = files, is_html, is_tracked, False

    def value(self, name, filters, scopes):
        data = through(scalar(self.find(name, scopes)), filters)
        self.is_missing = self.is_missing or (not data and not filters.endswith("\"\""))
        return data

    def field(self, text, scopes):
        """The bytes of a header field, values as they are: it is cleaned as a whole."""
        parts, at = [], 0
        for m in TAG.finditer(text):
            parts += [text[at:m.start()].encode(), self.value(m.group(2), m.group(3), scopes)]
            at = m.end()
        return b"".join(parts) + text[at:].encode()

    def link(self, url):
        plain = html.unescape(url) if self.is_html else url
        return TRACKED if self.is_tracked and re.match("https?://", plain, re.I) else url

    def run(self, text, scopes):
        """scopes: the inner ones last."""
        out, at = [], 0
        while True:
            m = TAG.search(text, at)
            if not m:
                return "".join(out) + text[at:]
            out.append(text[at:m.start()])
            kind, name, filters = m.groups()
            at = m.end()
            if kind in SECTIONS + ("link",):
                inner, at = self.inside(text, at, kind)
                out.append(self.link(self.run(inner, scopes)) if kind == "link" else self.section(kind, name, inner, scopes))
            elif kind in ("partial", "dynamic"):
                out.append(self.partial(name if kind == "partial" else self.find(name, scopes), scopes))
            else:
                out.append(placed(kind, self.value(name, filters, scopes), filters.endswith("|url"), self.is_html))

    @staticmethod
    def inside(text, at, kind):
        depth, start = 1, at
        opening, closing = (("link",), "/link") if kind == "link" else (SECTIONS, "end")
        for m in TAG.finditer(text, at):
            depth += (m.group(1) in opening) - (m.group(1) == closing)
            if depth == 0:
                return text[start:m.start()], m.end()
        raise ValueError("a section is never ended")

    @staticmethod
    def find(name, scopes):
        for scope in reversed(scopes):
            if isinstance(scope, dict) and name in scope:
                return scope[name]
        return None

    def partial(self, name, scopes):
        """What names no partial is nothing, and a variable without a value."""
        text = self.files.get("%s.mustache" % name) if isinstance(name, str) else None
        self.is_missing = self.is_missing or text is None
        return self.run(text.replace("\n", "\r\n"), scopes) if text else ""

    def section(self, kind, name, inner, scopes):
        if kind == "when":
            left, sign, right = name.split(" ", 2)
            data = right.strip("\"").encode() if right[0] in "\"-0123456789" else scalar(self.find(right, scopes))
            return self.run(inner, scopes) if compared(scalar(self.find(left, scopes)), sign, data) else ""
        v = self.find(name, scopes)
        is_there = not (v is None or v is False or v == "" or v == [])
        if is_there == (kind == "not"):
            return ""
        if kind == "not" or not isinstance(v, list):
            return self.run(inner, scopes + ([v] if kind != "not" else []))
        return "".join(self.run(inner, scopes + [item]) for item in v)
