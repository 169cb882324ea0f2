"""Templates of every shape that a message can have, in the language of mime_reference.py."""

TRACKING = "https://t.bomnal.example"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(range(256)) * 9

SUBJECT = "(광고) [[text:name|고객]]님, [[text:word]]: 봄 세일"
PREHEADER = "[[html:name|고객]]님께만 [[html:note]]"
TEXT = """[[text:name|고객]]님, 안녕하세요.
[[text:note]]
.[[text:word]]
[[if:name]]이름 [[text:name|upper]][[end]][[not:name]]이름 없음[[end]]
[[each:items]]- [[text:title]] [[text:price|won]] [[text:price|number:2]] ([[text:quantity]])
[[end]][[link]]https://shop.example/s/[[path:word]]?q=[[query:word]]&n=[[query:name|고객]]#x[[/link]]
[[text:word]][[text:name]][[text:note]]
"""
HTML = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>봄</title></head>
<body>
<p title="[[html:word]]">[[html:name|고객]]님 &amp; [[html:note]]</p>[[raw:raw]]
<a href="[[link]]https://shop.example/s/[[path:word]]?q=[[query:word]]&amp;n=[[query:name|고객]][[/link]]">a</a>
<a href='[[link]][[url:link]][[/link]]'>b</a> <img src="https://shop.example/i/[[path:name]].png" alt="[[html:name]]">
[[each:items]]<p>[[html:title]] [[html:price|won]] [[html:price|number:2]] [[html:quantity]] [[html:title|url]]
<a href="[[link]][[url:link]][[/link]]">c</a></p>
[[end]]<a href=mailto:[[address:name]]@x.example?subject=[[query:word|url]]&amp;body=[[query:note]]>d</a>
<a href="[[link]]https://[[host:word]].shop.example/[[path:word]][[/link]]">e</a> <img src="//[[host:name]]/">
[[if:flag]]<b>예</b>[[end]][[not:flag]]<i>아니오</i>[[end]]
</body></html>
"""
PARTS = """[[when:price >= 1000]]비싼 것[[end]][[when:price < 1,000]]싼 것[[end]][[when:price == "무료"]]무료[[end]][[when:name != word]]다름[[end]]
x [[partial:a]] y [[dynamic:layout]] z
"""
PART_A = "A [[text:name]] <[[text:note]]>\n [[partial:b]]"
PART_B = "B [[text:word|url]]\n"
ASCII = "This line is plain ASCII and says nothing at all about anybody; it is here for its length alone.\n"
KOREAN = "가나다라마바사아자차카타파하\n"
WITH_IMAGE = HTML.replace("<p title", "<img src=\"images/봄.png\" alt=\"\"><p title", 1)


def shape(files, tree, columns=(), unsubscribe="", **options):
    """files: name -> text, or bytes. tree: see mime_strict.structure; None: a template that is shipped, of which only the form is looked at.
    columns: rows are those of a CSV. options: of tools/bench.d/render/sample.h; RSA, ED and KEYS are names of key files."""
    return {"files": files, "tree": tree, "columns": list(columns), "unsubscribe": unsubscribe, "options": options}


ALTERNATIVE = ("multipart/alternative", ["text/plain", "text/html"])
BOTH = {"subject.txt": SUBJECT, "text.txt": TEXT, "html.html": HTML}
CARRYING = {"subject.txt": SUBJECT, "to.txt": "[[text:name]]", "text.txt": TEXT, "html.html": WITH_IMAGE, "images/봄.png": PNG,
            "attachments/안내 \"1\".pdf": b"%PDF\r\n" + PNG, "attachments/a.txt": b"From x\n.\n"}
CARRYING_TREE = ("multipart/mixed", [("multipart/alternative", ["text/plain", ("multipart/related", ["text/html", "image/png"])]),
                                     "text/plain", "application/pdf"])
UNSUBSCRIBE = "https://bomnal.example/u/[[path:word]]?e=[[query:email]]"
LISTED = {"list_id": "봄날 소식 <news.bomnal.example>", "unsubscribe": UNSUBSCRIBE, "unsubscribe_mailto": "off@bomnal.example?subject=off",
          "feedback_id": "spring:hanbit:ad:bomnal", "cfbl_address": "fbl@bomnal.example", "auto_submitted": "true"}
TRACKED = {"opens": "true", "clicks": "true", "tracking_url": TRACKING, "tokens": "KEYS"}
SIGNED = {"dkim": ["bomnal.example:r1:RSA", "bomnal.example:e1:ED"]}

SHAPES = {
    "text": shape({"subject.txt": SUBJECT, "text.txt": TEXT}, "text/plain"),
    "html": shape({"subject.txt": "[[text:note]]", "html.html": HTML}, "text/html"),
    "csv": shape(BOTH, ALTERNATIVE, columns=["name", "word", "note", "raw", "link", "flag", "items", "title", "price", "quantity"]),
    "quoted-printable": shape({"subject.txt": "[[text:word]]", "to.txt": "[[text:name|고객]]", "text.txt": ASCII * 40 + TEXT,
                               "html.html": ASCII * 40 + HTML}, ALTERNATIVE),
    "base64": shape({"subject.txt": "[[text:name]]", "text.txt": KOREAN * 30 + TEXT, "html.html": KOREAN * 60 + HTML}, ALTERNATIVE),
    "derived": shape({"subject.txt": SUBJECT, "html.html": HTML}, ALTERNATIVE, text_from_html="true"),
    "partials": shape({"subject.txt": "[[text:word|\"\"]]x", "text.txt": PARTS, "a.mustache": PART_A, "b.mustache": PART_B}, "text/plain"),
    "skipped": shape({"subject.txt": SUBJECT, "text.txt": TEXT + "[[text:raw|\"\"]]\n"}, "text/plain", missing="skip"),
    "carrying": shape(CARRYING, CARRYING_TREE, **LISTED),
    "preheader": shape({"subject.txt": SUBJECT, "preheader.txt": PREHEADER, "html.html": HTML}, "text/html"),
    "tracked": shape(BOTH, ALTERNATIVE, **TRACKED),
    "signed": shape(dict(CARRYING, **{"preheader.txt": PREHEADER}), CARRYING_TREE, **LISTED, **TRACKED, **SIGNED),
    "euc-kr/signed": shape(CARRYING, CARRYING_TREE, charset="euc-kr", charset_fallback="replace", **TRACKED, **SIGNED),
}
for _charset in ("euc-kr", "iso-2022-kr"):
    for _fallback in ("utf-8", "replace"):
        SHAPES[_charset + "/" + _fallback] = shape(dict(BOTH, **{"to.txt": "[[text:name]]"}), ALTERNATIVE, charset=_charset,
                                                   charset_fallback=_fallback)

SHIPPED = ("spring-sale", "cart-reminder")
for _name in SHIPPED:
    SHAPES[_name] = shape({}, None)
