"""NAMESPACE, with extension data (RFC 2342 §6, RFC 5255 §3.4)."""

from __future__ import annotations

from aiosage.wire import NamespaceData, NamespacePrefix

from ..stream import response


def test_prefixes_are_told_with_their_extensions() -> None:
    """RFC 5255 §3.2, which lacks a space between lists in one example."""
    told = response(
        b'* NAMESPACE (("" "/"))(("Other Users/" "/" "TRANSLATION"'
        b' ("Andere Ben&APw-tzer/"))) (("Public/" "." "x-param" ("a" "b")) ("#" NIL))'
    )
    assert isinstance(told, NamespaceData)
    (other,) = told.other_users
    assert told == NamespaceData(
        (NamespacePrefix("", "/"),),
        (other,),
        (
            NamespacePrefix("Public/", ".", {"X-PARAM": ("a", "b")}),
            NamespacePrefix("#", None),
        ),
    )
    assert (other.prefix, other.translation) == ("Other Users/", "Andere Benützer/")
    assert told.personal[0].translation is None


def test_a_session_may_have_no_namespaces() -> None:
    assert response(b"* NAMESPACE NIL NIL NIL") == NamespaceData()
    assert response(b"* NAMESPACE") == NamespaceData()


def test_a_translation_of_odd_octets_does_no_harm() -> None:
    told = response(b'* NAMESPACE (("" "/" TRANSLATION "\xff")) NIL NIL')
    assert isinstance(told, NamespaceData)
    assert told.personal[0].translation == "\udcff"
