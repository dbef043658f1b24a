"""Messages in threads: by the server, or as the server would."""

from __future__ import annotations

import pytest

from aiosage import IMAPClient, ThreadAlgorithm, ThreadNode
from aiosage import IMAPSearchCriteria as S

from .accounts import scripted_client, small
from .finding import CORPORA, COUNT, WITHOUT_SORT, fill, poor_dovecot
from .test_sort import SELECTED

N = ThreadNode


def _answer(number: int, to: int) -> bytes:
    return small(number).replace(
        b"\r\nDate", b"\r\nIn-Reply-To: <%d@example.org>\r\nDate" % to, 1
    )


@pytest.mark.parametrize("algorithm", ThreadAlgorithm)
async def test_answers_are_below_what_they_answer(
    any_client: IMAPClient, algorithm: ThreadAlgorithm
) -> None:
    inbox = any_client.mailbox()
    for message in (small(1), small(2), _answer(3, 1), _answer(4, 3)):
        await inbox.append(message)

    result = await inbox.thread(algorithm=algorithm)

    if algorithm is ThreadAlgorithm.ORDEREDSUBJECT:  # all have another subject
        assert sorted(thread.messages for thread in result) == [(1,), (2,), (3,), (4,)]
    else:
        assert set(result) == {N((1, 3, 4)), N((2,))}
    assert result.messages == await inbox.search()
    assert len(await inbox.thread(S.subject("number 4"), algorithm)) == 1
    assert list(await inbox.thread(S.subject("日本"), algorithm)) == []


@pytest.mark.dovecot
@pytest.mark.parametrize("announced", WITHOUT_SORT)
@pytest.mark.parametrize("corpus", CORPORA)
async def test_threaded_here_as_by_dovecot(
    dovecot_client: IMAPClient, corpus: str, announced: str
) -> None:
    """RFC 5256 says how, so that it does not matter who does it."""
    inbox = dovecot_client.mailbox()
    await fill(inbox, corpus)
    async with poor_dovecot(announced) as poor_client:
        poor = poor_client.mailbox()
        await fill(poor, corpus)
        for algorithm in ThreadAlgorithm:
            for criteria in (S.ALL, S.larger(150)):
                theirs = await inbox.thread(criteria, algorithm)
                ours = await poor.thread(criteria, algorithm)

                assert (theirs.plan.is_here, ours.plan.is_here) == (False, True)
                assert ours.threads == theirs.threads, algorithm
        assert len(ours.messages) <= COUNT
        assert len((await poor.thread()).messages) == COUNT


async def test_criteria_with_more_uids_than_a_line_are_threaded(
    any_client: IMAPClient,
) -> None:
    inbox = any_client.mailbox()
    for message in (small(1), small(2), _answer(3, 1), _answer(4, 3)):
        await inbox.append(message)

    result = await inbox.thread(S.uid([1, 3, *range(4, 20_000, 2)]))

    assert list(result) == [N((1, 3, 4))]
    assert result.plan.is_here


async def test_a_charset_that_is_refused_is_done_without() -> None:
    script = f"""{SELECTED.format("THREAD=REFS LITERAL+")}
C: T2 UID THREAD REFS UTF-8 SUBJECT {{2+}}
C: é
S: T2 NO [BADCHARSET (US-ASCII)] sorry
C: T3 UID SEARCH CHARSET UTF-8 SUBJECT {{2+}}
C: é
S: * SEARCH
S: T3 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().thread(S.subject("é"), ThreadAlgorithm.REFS)

    assert list(result) == []
    assert "charset" in result.plan.reason


async def test_a_server_that_threads_only_some_messages_is_not_taken_at_its_word() -> (
    None
):
    """MESSAGELIMIT (RFC 9738 §3.1)."""
    script = f"""{SELECTED.format("THREAD=REFERENCES ESEARCH")}
C: T2 UID THREAD REFERENCES US-ASCII LARGER 5
S: * THREAD (3)
S: T2 OK [MESSAGELIMIT 1 3] stopped
C: T3 UID SEARCH RETURN (ALL) LARGER 5
S: * ESEARCH (TAG "T3") UID ALL 1,3
S: T3 OK done
C: T4 NOOP
S: T4 OK done
C: T5 UID FETCH 1,3 (INTERNALDATE BODY.PEEK[HEADER.FIELDS \
(DATE IN-REPLY-TO MESSAGE-ID REFERENCES SUBJECT)])
S: * 1 FETCH (UID 1 INTERNALDATE "01-Jan-2026 00:00:00 +0000" \
BODY[HEADER.FIELDS (DATE IN-REPLY-TO MESSAGE-ID REFERENCES SUBJECT)] \
"Message-ID: <1@example.org>")
S: * 3 FETCH (UID 3 INTERNALDATE "02-Jan-2026 00:00:00 +0000" \
BODY[HEADER.FIELDS (DATE IN-REPLY-TO MESSAGE-ID REFERENCES SUBJECT)] \
"In-Reply-To: <1@example.org>")
S: T5 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().thread(S.larger(5))

    assert list(result) == [N((1, 3))]
    assert result.plan.is_here
