"""Messages of many shapes, some of them broken, as mailers really write them."""

from __future__ import annotations

from typing import Final


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


_DEEP: Final = "".join(
    f"Content-Type: multipart/mixed; boundary=b{n}x\n\n--b{n}x\n" for n in range(20)
)

_TEXTS: Final = {
    "plain": (
        "From: A <a@x.org>\nTo: b@y.org\nSubject: hi\nMessage-ID: <1@x>\n"
        "Date: Mon, 1 Jan 2024 00:00:00 +0000\n\nhello\nworld\n"
    ),
    "header only": "Subject: x\n",
    "empty body": "Subject: x\n\n",
    "no header": "\nbody only\n",
    "addresses": (
        'From: "Q \\"x\\" Y" <q@x.org>\nSender: =?utf-8?q?J=C3=B6?= <j@x>\n'
        "Reply-To: r@x (Real Name)\nTo: undisclosed-recipients:;\n"
        "Cc: Team: a@b, C <c@d>;, z@z\n"
        'Bcc: <@r1,@r2:u@h>, foo, <>, "a b"@c, u@[1.2.3.4], J. Doe <jd@x>\n'
        "In-Reply-To: <a@b>\n <c@d>\nSubject:  folded\n\tsubject  here\n  x \n\nb\n"
    ),
    "broken addresses": (
        'From: Foo Bar\nTo: Foo Bar <foo>\nSender: x y z@w\nReply-To: "a@b" <c@d>\n'
        'Cc: a.b.c@d.e, <x@y>, "only name" <>, broken <a@b\nBcc: g1:;, g2: a@b ;\n\n'
    ),
    "repeated fields": (
        "From: a@b, c@d\nFrom: e@f\nTo:\nBcc: (comment) x @ y . z (c2)\nReply-To:\n"
        "Subject: one\nSubject: two\nDate: d1\nDate: d2\n"
        "Message-Id: m1\nMessage-Id: m2\nContent-Type: text/plain\n"
        "Content-Type: text/html\n\n"
    ),
    "8-bit": 'From: Jörg <j@x>\nSubject: grüße\nTo: "Jö" <a@b>\n\nbödy\n',
    "encoded words": (
        "Subject: =?utf-8?q?a?=\n =?utf-8?q?b?=\n"
        "From: =?utf-8?b?SsO2?= =?utf-8?q?x?= <a@b>\n\nq\n"
    ),
    "quotes": 'Subject: a "b" \\c\nFrom: "a\\\\b" <x@y>\n\nq\n',
    "long": "Subject: " + "x" * 3000 + "\n\nq\n",
    "alternative": (
        'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="b1"\n\n'
        "preamble\n--b1\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: quoted-printable\n\nh=C3=A4\n\n"
        '--b1\nContent-Type: text/html; charset="utf-8"\n\n<p>x</p>\n--b1--\nepilogue\n'
    ),
    "mixed": (
        'Content-Type: Multipart/Mixed; boundary=outer; x-y="z w"\n'
        "Content-Language: en, de\nContent-Location: http://x/y\n\n"
        '--outer\nContent-Type: multipart/related; boundary=inner; type="text/html"\n\n'
        "--inner\nContent-Type: text/html\nContent-ID: <c1>\n"
        "Content-Description: some desc\n\n<p>\n"
        '--inner\nContent-Type: image/png; name="a b.png"\n'
        'Content-Disposition: attachment; filename="a b.png"; size=3\n'
        "Content-Transfer-Encoding: BASE64\nContent-MD5: abc==\n"
        "Content-Language: en\n\nQUJD\n--inner--\n"
        "--outer\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n"
        "From: i@n\nSubject: inner\nContent-Type: multipart/mixed; boundary=x\n\n"
        "--x\n\nleaf1\n--x\nContent-Type: application/pdf\n\nPDF\n--x--\n\n"
        "--outer\n\ndefault type\n--outer--\n"
    ),
    "forwarded multipart": (
        "Content-Type: multipart/mixed; boundary=o\n\n"
        "--o\nContent-Type: message/rfc822\n\n"
        "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nin\n--i--\n"
        "--o\nContent-Type: multipart/alternative; boundary=k\n\n"
        "--k\n\nx\n--k--\nepi\n--o--\n"
    ),
    "digest": (
        "Content-Type: multipart/digest; boundary=d\n\n"
        "--d\n\nFrom: a@b\nSubject: d1\n\nbody1\n"
        "--d\nContent-Type: text/plain\n\nFrom: not\n--d--\n"
    ),
    "report": (
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n"
        "--r\n\nfailed\n--r\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; y\n"
        "--r\nContent-Type: message/rfc822\n\nSubject: orig\n\nob\n--r--\n"
    ),
    "unterminated": (
        "Content-Type: multipart/mixed; boundary=u\n\n"
        "--u\nContent-Type: text/plain\n\nx\n--u\nContent-Type: text/plain\n\nno end\n"
    ),
    "no parts": "Content-Type: multipart/mixed; boundary=u\n\nno parts here\n",
    "no boundary": "Content-Type: multipart/mixed\n\n--x\n\nfoo\n",
    "prefixed boundary": (
        "Content-Type: multipart/mixed; boundary=ab\n\n--ab\n\none\n--abc\n\ntwo\n"
        "--ab  \n\nthree\n-- ab\n--ab--xx\nepi\n--ab\n\nafter\n"
    ),
    "outer ends inner": (
        "Content-Type: multipart/mixed; boundary=o\n\n"
        "--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nin\n"
        "--o\n\nlast\n--o--\n"
    ),
    "header cut short": (
        "Content-Type: multipart/mixed; boundary=u\n\n--u\nContent-Type: text/html\n"
        "X: y\n--u\nContent-Type: message/rfc822\n\nSubject: z\n--u--\n"
    ),
    "blank lines": (
        "Content-Type: multipart/mixed; boundary=u\n\n\n--u\n\n\na\n\n\n--u--\n\n"
    ),
    "parameters": (
        "Content-Type: TEXT/Plain; Charset=UTF-8; format=flowed (comment) ; x=;\n"
        '\tname*0=abc; name*1="d e"\n'
        "Content-Disposition: attachment; filename*=utf-8''a%20b; filename=x\n\nq\n"
    ),
    "type without subtype": "Content-Type: text\n\nq\n",
    "no type": "Content-Type: ;charset=x\n\nq\n",
    "spaced type": (
        "Content-Type: application / octet-stream ; name = foo.bin\n"
        "Content-Transfer-Encoding: weird (x)\n\nq\n"
    ),
    "equals in boundary": (
        'Content-Type: multipart/mixed; boundary="----=_Part_1.2=x"\n\n'
        "------=_Part_1.2=x\n\nfoo\n------=_Part_1.2=x--\n"
    ),
    "message as root": "Content-Type: message/rfc822\n\nSubject: in\n\nin body\n",
    "disposition": (
        "Content-Type: text/plain\nContent-Disposition: INLINE\n"
        "Content-Language: en\nContent-ID:  <x>  \nContent-Description:\n\nq\n"
    ),
    "odd fields": "Subject : spaced\nX-Foo:bar\nFrom:a@b\n\nq",
    "twenty deep": _DEEP + "\nleaf\n",
}

MESSAGES: Final = {name: _crlf(text) for name, text in _TEXTS.items()} | {
    "bare CR": b"Subject: a\rb\r\n\r\nx\ry\r\n",
    "controls": b"Subject: a\tb\x01c\x7f\r\n\r\nx\r\n",
    "bare LF": b"Subject: x\nFrom: a@b\n\nbody\n\nmore",
}
"""By shape; lines end in CRLF but where the name says otherwise."""
