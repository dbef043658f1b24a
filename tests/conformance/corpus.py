"""Messages of every shape, sound and broken."""

from __future__ import annotations

from collections.abc import Iterator

from aiosage.testing import sample_messages

ODD: dict[str, bytes] = {
    "plain": b"""\
From: Ann <ann@example.org>
To: "Bob, the \\"builder\\"" <bob@example.org>, carol@example.org
Cc: Friends: dan@example.org, Eve <eve@example.org>;, undisclosed-recipients:;
Bcc: hidden@example.org
Reply-To: list@example.org
Sender: secretary@example.org
Subject: 5* hotel (:-) and sad :( face {3}
Date: Mon, 5 Jan 2026 10:00:00 +0100
Message-ID: <plain@example.org>
In-Reply-To: <before@example.org>
References: <first@example.org> <before@example.org>

Hello * {5} world
""",
    "encoded words": b"""\
From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>
Subject: =?utf-8?b?R3LDvMOfZQ==?= =?iso-8859-1?q?aus_K=F6ln?=
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
""",
    "raw 8bit": (
        "From: Jörg <joerg@example.org>\nSubject: Grüße roh\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\nGrüße\n"
    ).encode(),
    "folded": b"""\
From: Ann
 <ann@example.org>
Subject: a subject
 that is folded
\tmore than once
X-Empty:
X-Long: aaa
 bbb
 ccc

body
""",
    "no body": b"Subject: no body\n\n",
    "header only": b"Subject: header only\n",
    "no header": b"\nonly a body\n",
    "alternative": b"""\
Subject: alternative
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b 1"

preamble
--b 1
Content-Type: text/plain; charset=us-ascii; format=flowed

plain text
--b 1
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64
Content-Language: de, en
Content-Location: http://example.org/x

PGI+Ym9sZDwvYj4=
--b 1--
epilogue
""",
    "mixed": b"""\
Subject: mixed
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner

default type
--inner
Content-Type: text/html

<p>html</p>
--inner--

--outer
Content-Type: application/pdf; name="a \\"b\\".pdf"
Content-Disposition: attachment; filename="a.pdf"; size=3
Content-Transfer-Encoding: base64
Content-ID: <part@example.org>
Content-Description: a description
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==

AAAA
--outer--
""",
    "forwarded": b"""\
Subject: forwarded
Content-Type: multipart/mixed; boundary=f

--f
Content-Type: message/rfc822
Content-Disposition: inline

From: Inner <inner@example.org>
Subject: inner
Date: Tue, 6 Jan 2026 10:00:00 +0000
Content-Type: multipart/mixed; boundary=g

--g

text of the inner one
--g
Content-Type: image/png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--g--
--f--
""",
    "message as body": b"""\
Subject: message as body
Content-Type: message/rfc822

Subject: the message

its text
""",
    "digest": b"""\
Subject: digest
Content-Type: multipart/digest; boundary=d

--d

Subject: one

1
--d

Subject: two

2
--d--
""",
    "not closed": b"""\
Subject: not closed
Content-Type: multipart/mixed; boundary=x

--x

first
--x

second, and no end
""",
    "no boundary": b"""\
Subject: no boundary
Content-Type: multipart/mixed

--x
text
""",
    "boundary never used": b"""\
Subject: boundary never used
Content-Type: multipart/mixed; boundary=never

just text
""",
    "empty part": b"""\
Subject: empty part
Content-Type: multipart/mixed; boundary=e

--e
--e

--e--
""",
    "odd type": b"""\
Subject: odd type
Content-Type: nonsense

text
""",
    "rfc 2231": b"""\
Subject: rfc 2231
Content-Type: text/plain; charset=utf-8; name*=utf-8''Gr%C3%BC%C3%9Fe.txt
Content-Disposition: attachment; filename*0="very "; filename*1="long.txt"

text
""",
    "comments": b"""\
From: (a comment) ann@example.org (Ann (nested))
To: <@route.example:bob@example.org>, "quoted local"@example.org
Subject: comments
Date: Mon, 5 Jan 2026 10:00:00 +0000 (UTC)
Content-Type: text/plain (comment); charset=us-ascii (another)

text
""",
    "broken addresses": b"""\
From: not an address
To: <>, @, <a@>, <unclosed@example.org, "open
Subject: broken addresses

text
""",
    "fields twice": b"""\
From: one@example.org
From: two@example.org
Subject: first
Subject: second
To: a@example.org
To: b@example.org

text
""",
    "a line that is no field": b"""\
Subject: a line that is no field
this has no colon
X-After: yes

text
""",
    "no final newline": b"Subject: no final newline\n\nlast line",
    "long lines": b"Subject: long lines\n\n" + b"y" * 5000 + b"\n" + b"z" * 3000,
}


def corpus() -> Iterator[tuple[str, bytes]]:
    """Yield each message with a name for it; all have CRLF line ends."""
    for name, text in ODD.items():
        yield name, text.replace(b"\n", b"\r\n")
    for number, (_, raw) in enumerate(sample_messages(25, seed=3)):
        yield f"sample {number}", raw
