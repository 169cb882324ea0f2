"""What every message must be, whatever was put into it: looked at as bytes first, then by Python's email package. Each check raises
Malformed with what is wrong."""
import base64
import email
import email.policy
import functools
import hashlib
import quopri
import re
import unicodedata

WORD = re.compile(r"=\?([A-Za-z0-9-]+)\?([BbQq])\?([^? ]*)\?=")
UNBREAKABLE = re.compile(r"[!-9;-~]+: \S+|\s\S+")


class Malformed(Exception):
    pass


class Policy(email.policy.EmailPolicy):
    """policy.default, but a field that was parsed before is not parsed again: most are the same in all messages."""

    @functools.lru_cache(10000)
    def header_fetch_parse(self, name, value):
        return super().header_fetch_parse(name, value)


POLICY = Policy()


def must(holds, what, *about):
    if not holds:
        raise Malformed(what + "".join(": %.300r" % (a,) for a in about))


# ---- bytes


def check_bytes(data):
    must(b"\0" not in data, "a NUL")
    must(data.endswith(b"\r\n"), "the last line has no end")
    for line in data[:-2].split(b"\r\n"):
        must(b"\r" not in line and b"\n" not in line, "a line end that is no CRLF", line)
        must(len(line) <= 998, "a line of %d bytes" % len(line), line)


def header_fields(data):
    """[(name, value)], unfolded, after looking at each line."""
    head = data.split(b"\r\n\r\n", 1)[0].decode("ascii")
    must(not re.search("[^\r\n\t -~]", head), "a character that no header has", head)
    fields = []
    for line in head.split("\r\n"):
        must(line.strip(), "a header line of blanks")
        must(len(line) <= 78 or UNBREAKABLE.fullmatch(line), "a header line of %d that could be folded" % len(line), line)
        if line[0] in " \t":
            must(fields, "a header that begins folded")
            fields[-1][1] += line
        else:
            name, colon, value = line.partition(":")
            must(colon and re.fullmatch("[!-9;-~]+", name), "no header field", line)
            must(value[:1] == " ", "no blank behind a field's colon", line)
            fields.append([name, value[1:]])
    return fields


def _joins(c):
    return unicodedata.category(c) in ("Mn", "Me") or 0x1160 <= ord(c) <= 0x11FF or c == "\u200d"


def _word_text(word):
    coded = word.group(3)
    if word.group(2) in "Bb":
        return base64.b64decode(coded, validate=True).decode(word.group(1))
    must(re.fullmatch("(?:[0-9A-Za-z_]|=[0-9A-F]{2})+", coded), "no Q encoding for a display name", word.group())
    return quopri.decodestring(coded, header=True).decode(word.group(1))


def decoded(value):
    """Unstructured text or a phrase as it is meant; blanks between encoded words are none (RFC 2047, section 6.2)."""
    value = re.sub(r"(?<=\?=)[ \t]+(?==\?)", "", value)
    return WORD.sub(_word_text, value)


def phrase(value):
    """The display name before an address in angle brackets."""
    name = re.sub(r" ?<[^<>]*>$", "", value) if value.endswith(">") else ""
    if name.startswith("\""):
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return decoded(name)


def check_words(value):
    """Encoded words: short, each whole characters by itself, none splits a syllable unless it is longer than a word; padding ends the
    last one only."""
    must(not re.search(r"=\?=[ \t]+=\?", value), "padding between encoded words", value)
    texts = []
    for word in WORD.finditer(value):
        must(len(word.group()) <= 75, "an encoded word of %d" % len(word.group()), word.group())
        texts.append(_word_text(word))
        must(texts[-1], "an encoded word without text", value)
        must(not re.search("[\0-\x1f\x7f]", texts[-1]), "a control character in an encoded word", texts[-1])
    for n in range(1, len(texts)):
        if _joins(texts[n][0]):
            before, behind = "".join(texts[:n]), "".join(texts[n:])
            start = max(i for i, c in enumerate(before) if i == 0 or not _joins(c))
            end = next((i for i, c in enumerate(behind) if not _joins(c)), len(behind))
            must(len((before[start:] + behind[:end]).encode()) > 36, "a word that splits a syllable", value)


def _check_encoding(part, encoding, raw):
    lines = raw.replace("\r\n", "\n").split("\n")
    if encoding == "quoted-printable":
        for line in lines:
            must(len(line) <= 76, "a quoted-printable line of %d" % len(line), line)
            must(re.fullmatch("(?:[\t -<>-~]|=[0-9A-F]{2})*=?", line), "no quoted-printable", line)
            must(line[-1:] not in (" ", "\t"), "a blank at the end of a line", line)
    elif encoding == "base64":
        for line in lines:
            must(len(line) <= 76 and re.fullmatch("[A-Za-z0-9+/]*={0,2}", line), "no base64", line)
        must("=" not in "".join(lines).rstrip("="), "base64 that ends twice")
    else:
        must(encoding == "7bit" and raw.isascii(), "an encoding that is none of ours", encoding)


# ---- structure


def structure(part):
    """"text/plain", or ("multipart/x", [...])."""
    if part.is_multipart():
        return (part.get_content_type(), [structure(p) for p in part.iter_parts()])
    return part.get_content_type()


def raw_value(part, name):
    return next(v for n, v in part.raw_items() if n == name)


def _check_part(part, data):
    must(not part.defects, "defects", part.defects)
    for name, value in part.items():
        # A file's name as encoded words within quotes stands there on purpose, see sluice/mime/header.h.
        is_old_name = name == "Content-Type" and part.get_filename() and "=?" in raw_value(part, name)
        must(not value.defects or is_old_name, "defects of %s" % name, value.defects)
    if part.is_multipart():
        boundary = part.get_boundary().encode()
        count = len(re.findall(rb"(?m)^--" + re.escape(boundary) + rb"\r$", data))
        must(count == len(list(part.iter_parts())), "%d delimiters" % count, boundary)
        must(len(re.findall(rb"(?m)^--" + re.escape(boundary) + rb"--\r$", data)) == 1, "not one end", boundary)
        must(not (part.preamble or "").strip() and not (part.epilogue or "").strip(), "text outside of parts")
    else:
        _check_encoding(part, str(part["Content-Transfer-Encoding"]), part.get_payload())


def parse(data, names):
    """The message; `names` are its header fields, all of them. None: any, each once."""
    check_bytes(data)
    fields = header_fields(data)
    found = sorted(n for n, _ in fields)
    must(found == (sorted(names) if names else sorted(set(found))), "the header's fields", found)
    for name, value in fields:
        if name in ("Subject", "To", "From", "Reply-To", "List-Id"):
            check_words(value)
    message = email.message_from_bytes(data, policy=POLICY)
    for part in message.walk():
        _check_part(part, data)
    return message


# ---- signatures (RFC 6376), with nothing of the code that made them


def _relaxed_body(body):
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _relaxed_field(name, value):
    value = re.sub("[ \t]+", " ", value).strip(" \t")
    return ("%s:%s" % (name.lower(), value)).encode()


def _tags(value):
    return {k.strip(): re.sub(r"\s", "", v) for k, _, v in (t.partition("=") for t in value.split(";") if t.strip())}


def _signed_bytes(fields, at, tags):
    used, lines = {}, []
    for name in tags["h"].lower().split(":"):
        places = [i for i, (n, _) in enumerate(fields) if n.lower() == name]
        turn = used[name] = used.get(name, 0) + 1
        if turn <= len(places):
            lines.append(_relaxed_field(*fields[places[-turn]]))
    own = re.sub(r"(;\s*b=)[^;]*", r"\1", fields[at][1], count=1)
    return b"\r\n".join(lines + [_relaxed_field(fields[at][0], own)])


def check_rsa(n, e, signature, data):
    """PKCS #1 v1.5 with SHA-256 (RFC 8017, section 8.2.2)."""
    size = (n.bit_length() + 7) // 8
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    tail = b"\0" + prefix + hashlib.sha256(data).digest()
    want = b"\0\1" + b"\xff" * (size - 2 - len(tail)) + tail
    return pow(int.from_bytes(signature, "big"), e, n).to_bytes(size, "big") == want


def check_signatures(data, domain, rsa_key):
    """Each has the body's hash and signs all that it must; RSA ones verify."""
    fields = header_fields(data)
    body = data.split(b"\r\n\r\n", 1)[1]
    want = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
    for at, (name, value) in enumerate(fields):
        if name != "DKIM-Signature":
            continue
        tags = _tags(value)
        signed = tags["h"].lower().split(":")
        must(tags["d"] == domain and tags["c"] == "relaxed/relaxed", "a signature of another kind", value)
        must(tags["bh"] == want, "another body hash", value)
        must(signed.count("from") == 2, "From can be added", tags["h"])
        missing = {"to", "subject", "date", "message-id", "mime-version", "content-type"} - set(signed)
        must(not missing, "not signed", missing)
        if tags["a"] == "rsa-sha256":
            is_good = check_rsa(*rsa_key, base64.b64decode(tags["b"]), _signed_bytes(fields, at, tags))
            must(is_good, "a signature that does not verify", value)
