"""The base subject (RFC 5256 §2.1) and its comparison (RFC 5051)."""

from __future__ import annotations

from time import thread_time

import pytest

from aiosage.model import BaseSubject, base_subject, collation_key


@pytest.mark.parametrize(
    ("subject", "text", "is_reply"),
    [
        ("Lunch", "Lunch", False),
        ("", "", False),
        ("Re: Lunch", "Lunch", True),
        ("RE : fw: Fwd:Lunch", "Lunch", True),
        ("re [list 3]: Lunch", "Lunch", True),
        ("[list] [a] Re: [b] Lunch", "Lunch", True),
        ("[list] Lunch", "Lunch", False),
        ("[a] [b]", "[b]", False),
        ("Re: [blob]", "[blob]", True),
        ("Lunch (fwd) (FWD) ", "Lunch", True),
        ("[Fwd: Re: Lunch]", "Lunch", True),
        ("[fwd: [fwd: Lunch (fwd)]]", "Lunch", True),
        ("[fwd: Lunch] now", "now", False),
        ("Re:", "", True),
        ("Lunch\r\n\t at  ten", "Lunch at ten", False),
        ("Return: Lunch", "Return: Lunch", False),
        ("[open Re: Lunch", "[open Re: Lunch", False),
        ("AW: Lunch", "AW: Lunch", False),  # only English prefixes, says §7
    ],
)
def test_what_answering_adds_is_removed(
    subject: str, text: str, is_reply: bool
) -> None:
    assert base_subject(subject) == BaseSubject(text, is_reply)


@pytest.mark.parametrize(
    "piece",
    ["re:", "[a]", "[fwd:", "(fwd)", "[", "re[", " ", "[a]re:", "fwd [", "re [a] "],
)
def test_a_hostile_subject_costs_linear_time(piece: str) -> None:
    """A fraction of a second; it would be minutes if time were quadratic."""
    text = piece * 200_000
    started = thread_time()

    base_subject(text)
    base_subject(text + "]" * 200_000)

    assert thread_time() - started < 4.0


@pytest.mark.parametrize(
    ("one", "other"),
    [("ÄPFEL", "äpfel"), ("e\u0301", "É"), ("\uff21B", "ab"), ("x", "X")],
)
def test_case_and_composition_do_not_count(one: str, other: str) -> None:
    assert collation_key(one) == collation_key(other)


def test_a_letter_without_a_single_capital_stays() -> None:
    """i;unicode-casemap maps characters one to one (RFC 5051 §2)."""
    assert collation_key("Straße") == "STRAßE"
