"""Mailboxes by level."""

from __future__ import annotations

from time import perf_counter

from aiosage.model import Flag, MailboxInfo, MailboxNode, mailbox_tree


def box(name: str, delimiter: str | None = "/") -> MailboxInfo:
    return MailboxInfo(name, delimiter, frozenset())


def shape(nodes: tuple[MailboxNode, ...]) -> list[object]:
    return [
        (node.level, shape(node.children)) if node.children else node.level
        for node in nodes
    ]


def test_children_are_below_their_parents_in_order_of_names() -> None:
    tree = mailbox_tree(map(box, ["b/z", "a", "b/a", "INBOX", "b", "INBOX/x"]))

    assert shape(tree) == [("INBOX", ["x"]), "a", ("b", ["a", "z"])]
    assert [node.name for root in tree for node in root.walk()] == [
        *("INBOX", "INBOX/x", "a", "b", "b/a", "b/z"),
    ]


def test_a_level_that_was_not_listed_is_there_as_one_that_does_not_exist() -> None:
    """RFC 9051 §6.3.9: servers need not list it."""
    (a,) = mailbox_tree([box("a.b.c", "."), box("a.b.d", ".")])
    (b,) = a.children

    assert (a.name, b.name) == ("a", "a.b")
    assert not a.info.exists
    assert a.info.has_children
    assert [c.info.exists for c in b.children] == [True, True]


def test_a_parent_listed_after_its_child_is_itself() -> None:
    parent = MailboxInfo("a", "/", frozenset({Flag("\\Marked")}))
    (a,) = mailbox_tree([box("a/b"), parent])

    assert a.info is parent
    assert shape((a,)) == [("a", ["b"])]


def test_flat_names_have_one_level_each() -> None:
    assert shape(mailbox_tree([box("a/b", None), box("a", None)])) == ["a", "a/b"]
    assert box("a/b", None).parent is None
    assert (box("a/b").parent, box("a/b").level, box("a").parent) == ("a", "b", None)


def test_a_hostile_name_of_countless_levels_costs_little() -> None:
    """No recursion per level, no prefix for each (promise 4)."""
    name = "/".join("x" * 200_000)
    before = perf_counter()
    (root,) = mailbox_tree([box(name)])
    nodes = list(root.walk())

    assert perf_counter() - before < 2.0
    assert len(nodes) == 100
    assert nodes[-1].info.name == name
    assert len(repr(root)) < 1000
