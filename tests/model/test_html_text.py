"""Text from HTML."""

from __future__ import annotations

import sys
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import EmailMessage
from aiosage.model._html_text import html_to_text

MIB = 2**20


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("  \n ", ""),
        ("plain", "plain"),
        ("<p>a<p>b", "a\n\nb"),
        ("a<br>b<br><br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><div>b</div></div>c", "a\nb\nc"),
        ("a\n  b&nbsp;<b>c</b>d <i> e</i>", "a b cd e"),
        ("<b>a</b> b", "a b"),
        ("<ul><li>a<li>b<ol><li>c<li>d</ol><li>e</ul>f", None),
        ("<table><tr><td>a<td>b</tr><tr><th>c<td>d</table>", "a b\nc d"),
        ("<pre>a\n  b\n</pre>c", "a\n  b\n\n\nc"),
        ("<h1>a</h1>b<hr>c", "a\n\nb\n\nc"),
        ("&lt;&amp;&euro;&#228;&#xe4;&nope;", "<&€ää&nope;"),
        ("a<!-- b -->c", "ac"),
        ("<title>a</title><style>b</style><script>c</script>d", "d"),
        ('a<div style="color: red; DISPLAY : none">b<img alt=c></div>d', "ad"),
        ('a <img alt="logo"> b<img>', "a logo b"),
        ('<a href="https://x.org">a</a>', "a"),
        ("<html><body bgcolor=red>a</body></html>b", "a\nb"),
        ('<?xml version="1.0" encoding="utf-16"?><p>ä', "ä"),
        ('<meta charset="iso-8859-1"><p>ä', "ä"),
        ("<o:p>a</o:p><p =b <c>", "a"),
        ("a\0b", "a b"),
        ("\ud800a", "?a"),
        ("<", "<"),
    ],
)
def test_it_is_what_a_reader_sees(html: str, text: str | None) -> None:
    if text is None:
        text = "* a\n* b\n\n1. c\n2. d\n\n* e\n\nf"
    assert html_to_text(html) == text


HOSTILE = {
    "angles": "<",
    "elements": "<div>",
    "paragraphs": "<p>x",
    "tables": "<table><tr><td>",
    "lists": "<ul><li>",
    "numbers": "<ol><li>x",
    "comments": "<!--",
    "styles": "<style>",
    "margins": '<p style="margin-top:99999999em">x',
    "attributes": "<a " + "b=c ",
    "quotes": '<a b="',
    "entities": "&amp",
    "references": "&#1",
    "ends": "</p>",
    "cells": "<td>x",
    "breaks": "<br>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_html_is_read_in_bounded_time_and_memory(name: str) -> None:
    html = HOSTILE[name] * (MIB // len(HOSTILE[name]))
    started = time.process_time()
    text = html_to_text(html)

    assert time.process_time() - started < 10
    assert len(text) <= len(html) + 10


def test_a_wide_cell_does_not_widen_its_column() -> None:
    """In columns this would be gigabytes of spaces."""
    html = f"<table><tr><td>{'x' * 50_000}{'<tr><td>y' * 10_000}</table>"
    tracemalloc.start()
    try:
        assert len(html_to_text(html)) < 80_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * MIB


@pytest.mark.parametrize("inner", ["</b>", "</table>"])
def test_ends_without_a_start_are_not_looked_for_in_vain(inner: str) -> None:
    """Each is looked for among all open elements, so these must not be too many."""
    started = time.process_time()
    html = "<p>words<div>" * 100_000 + inner * 100_000

    assert html_to_text(html).split()[:2] == ["words", "words"]
    assert time.process_time() - started < 5


@given(st.text(max_size=300) | st.text("<>/ap=&#;!-'\"\0b", max_size=60))
def test_nothing_raises(html: str) -> None:
    html_to_text(html).encode()


def test_a_message_gives_its_plain_text_else_that_of_its_html() -> None:
    html = b"Content-Type: text/html\r\n\r\n<p>one<p>two"
    both = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n%b"
        b"\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>rich\r\n--b--\r\n"
    )

    assert EmailMessage.from_bytes(html).readable_text() == "one\n\ntwo"
    assert EmailMessage.from_bytes(both % b"plain").readable_text() == "plain"
    assert EmailMessage.from_bytes(both % b" ").readable_text() == "rich"
    assert EmailMessage().readable_text() is None


def test_without_the_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "lxml.etree", None)
    with pytest.raises(ImportError, match=r"pip install 'aiosage\[html\]'"):
        html_to_text("<p>")
