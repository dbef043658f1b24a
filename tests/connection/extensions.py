"""Every extension: what speaks it, and which test proves that on which server.

``python -m tests.connection.extensions`` writes the tables of
``docs/reference/extensions.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

from aiosage.connection import Security

TESTS: Final = Path(__file__).parents[1]
PAGE: Final = TESTS.parent / "docs" / "reference" / "extensions.md"


class On(StrEnum):
    """What stands at the other end of a test; the value is its marker, if any."""

    DOVECOT = "dovecot"
    CYRUS = "cyrus"
    TRANSCRIPT = "transcript"


SHOWN: Final = {
    On.DOVECOT: "Dovecot 2.3",
    On.CYRUS: "Cyrus 3.6",
    On.TRANSCRIPT: "its octets",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A test that shows an extension at work."""

    test: str
    on: tuple[On, ...]

    @property
    def file(self) -> str:
        """Where it stands, from the folder of all tests."""
        return self.test.partition("::")[0] + ".py"

    @property
    def function(self) -> str:
        """Its name."""
        return self.test.partition("::")[2]


def both(test: str) -> Proof:
    """Return the proof on both real servers."""
    return Proof(test, (On.DOVECOT, On.CYRUS))


def dovecot(test: str) -> Proof:
    """Return a proof on Dovecot."""
    return Proof(test, (On.DOVECOT,))


def cyrus(test: str) -> Proof:
    """Return a proof on Cyrus."""
    return Proof(test, (On.CYRUS,))


def transcript(test: str) -> Proof:
    """Return a proof by octets, since neither server has it."""
    return Proof(test, (On.TRANSCRIPT,))


@dataclass(frozen=True, slots=True)
class Extension:
    """A capability and what is made of it.

    Attributes:
        name: as a server announces it; one that ends in ``=`` stands for all
            that begin with it.
        source: where it is written down.
        spoken_by: names of this library that speak it, found in one of the
            packages `wire.commands`, `wire`, `model` and `connection`.
        proofs: tests of it.
        left_out: why there is nothing that speaks it; empty if there is.
    """

    name: str
    source: str
    spoken_by: str = ""
    proofs: tuple[Proof, ...] = ()
    left_out: str = ""

    def covers(self, capability: str) -> bool:
        """Return whether *capability*, as announced, is this one."""
        if self.name.endswith("="):
            return capability.startswith(self.name)
        return capability == self.name

    def is_proved_on(self, server: On) -> bool:
        """Return whether there is a test of it on *server*."""
        return any(server in proof.on for proof in self.proofs)


def _row(name: str, source: str, spoken_by: str, *proofs: Proof) -> Extension:
    return Extension(name, source, spoken_by, proofs)


def _out(name: str, source: str, why: str) -> Extension:
    return Extension(name, source, left_out=why)


MAILBOXES = "connection/test_mailbox_commands"
MESSAGES = "connection/test_message_commands"
ANNOUNCED = "connection/test_announced"
CYRUS = "connection/test_cyrus"
WORDS = "wire/commands/test_message_words::test_words_on_the_wire"
RESULTS = "wire/commands/test_message_results"
UTF8 = "connection/test_utf8_sessions"

# A row is a line or two, as a formatter would not have it.
# fmt: off
EXTENSIONS: Final[tuple[Extension, ...]] = (
    _row("ACL", "RFC 4314", "SetAcl DeleteAcl GetAcl ListRights MyRights",
        both(f"{MAILBOXES}::test_rights_are_granted_listed_and_taken_away")),
    _row("APPENDLIMIT", "RFC 7889", "append_limit StatusItem.APPENDLIMIT",
        transcript("wire/commands/test_mailboxes::test_every_item_can_be_asked_for")),
    _row("APPENDLIMIT=", "RFC 7889", "append_limit",
        cyrus(f"{MAILBOXES}::test_the_append_limit_of_the_server")),
    _row("BINARY", "RFC 3516", "MessagePart.binary MessagePart.binary_size NewMessage",
        both(f"{MESSAGES}::test_parts_without_their_transfer_encoding"),
        dovecot(f"{MESSAGES}::test_a_message_with_nul")),
    _row("CATENATE", "RFC 4469", "MultiAppend TextPart UrlPart",
        both(f"{MESSAGES}::test_a_message_made_of_others")),
    _row("CHILDREN", "RFC 3348", "ListReturn.CHILDREN",
        both(f"{MAILBOXES}::test_a_list_tells_of_mailboxes_below_that_match")),
    _row("COMPRESS=DEFLATE", "RFC 4978", "Compress ConnectionConfig.compress",
        both("connection/test_compress::test_mail_goes_and_comes_compressed")),
    _row("CONDSTORE", "RFC 7162", "Select.condstore UidFetch.changed_since UidStore",
        both(f"{MESSAGES}::test_changes_since_a_mod_sequence")),
    _row("CONTEXT=SEARCH", "RFC 5267", "SearchOptions.update CancelUpdate",
        dovecot(f"{MESSAGES}::test_a_search_that_goes_on_telling"),
        dovecot(f"{MESSAGES}::test_a_part_of_a_search")),
    _row("CONTEXT=SORT", "RFC 5267", "UidSort.options CancelUpdate", transcript(WORDS)),
    _row("CREATE-SPECIAL-USE", "RFC 6154", "Create.use",
        cyrus(f"{MAILBOXES}::test_a_mailbox_is_made_for_a_use_and_has_an_identifier")),
    _row("ENABLE", "RFC 5161", "Enable ConnectionConfig.enable",
        both("connection/test_introduction::test_real_servers_enable_and_tell")),
    _row("ESEARCH", "RFC 4731", "UidSearchReturn SearchReturn SearchOptions",
        both(f"{MESSAGES}::test_search_returns_what_is_asked")),
    _row("ESORT", "RFC 5267", "UidSort.options Sort.options",
        both(f"{MESSAGES}::test_sort")),
    _row("FILTERS", "RFC 5466", "IMAPSearchCriteria.filter", transcript(WORDS)),
    _row("I18NLEVEL=1", "RFC 5255", "UidSearch UidSort",
        dovecot(f"{ANNOUNCED}::test_text_is_compared_without_regard_to_case")),
    _row("I18NLEVEL=2", "RFC 5255", "Comparator",
        transcript("wire/commands/test_language::test_words_on_the_wire")),
    _row("ID", "RFC 2971", "Id ConnectionConfig.client_id",
        both("connection/test_introduction::test_real_servers_enable_and_tell")),
    _row("IDLE", "RFC 2177", "Idle IMAPConnection.idle",
        both(f"{CYRUS}::test_what_another_session_does_is_told_in_idle")),
    _row("IMAP4rev1", "RFC 3501", "IMAPConnection",
        both(f"{CYRUS}::test_flags_searches_copies_moves_and_expunges")),
    _row("IMAP4rev2", "RFC 9051", "ConnectionConfig.enable Dialect",
        transcript(f"{UTF8}::test_a_session_of_rev2"),
        transcript(f"{UTF8}::test_a_server_of_rev2_alone_needs_no_enable")),
    _row("INPROGRESS", "RFC 9585", "InProgressCode",
        transcript("wire/test_codes::test_a_code_that_carries_something_is_typed")),
    _row("JMAPACCESS", "RFC 9698", "GetJmapAccess",
        transcript("wire/commands/test_language::test_where_jmap_is")),
    _row("LANGUAGE", "RFC 5255", "Language",
        transcript("wire/commands/test_language::test_words_on_the_wire")),
    _row("LIST-EXTENDED", "RFC 5258", "ListMailboxes ListSelect ListReturn",
        both(f"{MAILBOXES}::test_a_list_tells_of_mailboxes_below_that_match")),
    _row("LIST-METADATA", "RFC 9590", "ListMailboxes.metadata",
        cyrus(f"{MAILBOXES}::"
              "test_a_list_can_tell_status_rights_and_metadata_at_once")),
    _row("LIST-MYRIGHTS", "RFC 8440", "ListReturn.MYRIGHTS",
        cyrus(f"{MAILBOXES}::"
              "test_a_list_can_tell_status_rights_and_metadata_at_once")),
    _row("LIST-STATUS", "RFC 5819", "ListMailboxes.status",
        both(f"{ANNOUNCED}::test_a_list_tells_the_status_of_each_mailbox")),
    _row("LITERAL+", "RFC 7888", "Encoder",
        both(f"{ANNOUNCED}::test_a_literal_goes_without_being_asked_for")),
    _row("LITERAL-", "RFC 7888", "Encoder",
        dovecot(f"{ANNOUNCED}::"
                "test_only_a_small_literal_goes_without_being_asked_for")),
    _row("LOGIN-REFERRALS", "RFC 2221", "Referral IMAPConnection.referral",
        dovecot(f"{ANNOUNCED}::test_dovecot_refers_a_login_to_another_server")),
    _row("LOGINDISABLED", "RFC 9051", "ConnectionConfig.auth",
        dovecot("connection/test_tls::test_dovecots_logindisabled_keeps_the_password"),
        cyrus(f"{CYRUS}::test_plain_text_logins_that_are_forbidden_are_not_tried"),
        cyrus(f"{CYRUS}::test_logindisabled_after_logging_in_means_nothing")),
    _row("MESSAGELIMIT=", "RFC 9738", "MessageLimitCode",
        transcript(f"{RESULTS}::test_results_say_how_far_a_limited_server_got")),
    _row("METADATA", "RFC 5464", "GetMetadata SetMetadata",
        both(f"{MAILBOXES}::test_annotations_come_back"),
        both(f"{MAILBOXES}::test_annotations_below_an_entry")),
    _row("METADATA-SERVER", "RFC 5464", "GetMetadata SetMetadata",
        both(f"{MAILBOXES}::test_annotations_come_back")),
    _row("MOVE", "RFC 6851", "UidMove Move",
        both(f"{MESSAGES}::test_by_number_as_by_uid")),
    _row("MULTIAPPEND", "RFC 3502", "MultiAppend",
        both(f"{MESSAGES}::test_several_messages_at_once")),
    _row("MULTISEARCH", "RFC 7377", "MultiSearch",
        transcript(f"{RESULTS}::"
                   "test_a_search_of_several_mailboxes_tells_which_holds_what")),
    _row("NAMESPACE", "RFC 2342", "Namespace", both(f"{MAILBOXES}::test_namespaces")),
    _row("NOTIFY", "RFC 5465", "Notify EventGroup",
        dovecot(f"{MAILBOXES}::"
                "test_news_of_other_mailboxes_is_told_when_asked_for")),
    _row("OBJECTID", "RFC 8474",
        "MessagePart.EMAIL_ID MessagePart.THREAD_ID StatusItem.MAILBOXID",
        cyrus(f"{MESSAGES}::test_object_ids")),
    _row("PARTIAL", "RFC 9394", "SearchOptions.partial UidFetch.partial",
        transcript(WORDS), transcript(f"{RESULTS}::test_a_part_of_a_search")),
    _row("PREVIEW", "RFC 8970", "MessagePart.PREVIEW MessagePart.PREVIEW_LAZY",
        both(f"{MESSAGES}::test_previews_and_save_dates"),
        dovecot(f"{MESSAGES}::test_a_preview_that_is_not_there_yet")),
    _row("QRESYNC", "RFC 7162", "QResync Select.qresync UidFetch.vanished",
        both(f"{MESSAGES}::test_opening_a_mailbox_tells_what_has_changed")),
    _row("QUOTA", "RFC 9208", "GetQuota GetQuotaRoot SetQuota",
        dovecot(f"{MAILBOXES}::test_quota_of_a_mailbox"),
        cyrus(f"{MAILBOXES}::test_an_administrator_sets_limits")),
    _row("QUOTA=RES-", "RFC 9208", "QuotaResource",
        transcript("wire/responses/test_quota::"
                   "test_resources_are_told_with_usage_and_limit")),
    _row("QUOTASET", "RFC 9208", "SetQuota",
        cyrus(f"{MAILBOXES}::test_an_administrator_sets_limits")),
    _row("REPLACE", "RFC 8508", "UidReplace Replace", transcript(WORDS),
        transcript(f"{RESULTS}::test_appends_and_replacements_return_appenduid")),
    _row("RIGHTS=", "RFC 4314", "Rights",
        both(f"{ANNOUNCED}::test_each_right_that_is_announced_can_be_granted")),
    _row("SASL-IR", "RFC 4959", "Authenticate",
        both(f"{ANNOUNCED}::test_a_login_takes_one_round_trip")),
    _row("SAVEDATE", "RFC 8514",
        "MessagePart.SAVE_DATE IMAPSearchCriteria.save_date_supported",
        both(f"{MESSAGES}::test_previews_and_save_dates")),
    _row("SEARCH=FUZZY", "RFC 6203", "IMAPSearchCriteria.fuzzy",
        cyrus(f"{ANNOUNCED}::test_a_search_may_be_fuzzy")),
    _row("SEARCHRES", "RFC 5182", "SearchOptions.save SavedResult",
        dovecot(f"{MESSAGES}::test_what_a_search_saved_is_used_by_the_next")),
    _row("SORT", "RFC 5256", "UidSort Sort", both(f"{MESSAGES}::test_sort")),
    _row("SORT=DISPLAY", "RFC 5957", "SortKey.DISPLAY_FROM SortKey.DISPLAY_TO",
        both(f"{MESSAGES}::test_sort")),
    _row("SPECIAL-USE", "RFC 6154", "ListSelect.SPECIAL_USE SpecialUse",
        both(f"{MAILBOXES}::test_a_list_can_be_of_special_uses_only")),
    _row("STARTTLS", "RFC 9051", "StartTls Security.STARTTLS",
        both(f"{CYRUS}::test_each_security_mode_logs_in"),
        both("connection/test_tls::test_starttls_that_is_stripped_means_no_session")),
    _row("STATUS=SIZE", "RFC 8438", "StatusItem.SIZE",
        both(f"{MAILBOXES}::test_status_with_every_item_the_servers_have")),
    _row("THREAD=ORDEREDSUBJECT", "RFC 5256", "UidThread Thread",
        both(f"{MESSAGES}::test_threads")),
    _row("THREAD=REFERENCES", "RFC 5256", "UidThread Thread",
        both(f"{MESSAGES}::test_threads")),
    _row("THREAD=REFS", "draft-ietf-morg-inthread", "UidThread Thread",
        both(f"{ANNOUNCED}::test_threads_by_references_alone")),
    _row("UIDBATCHES", "draft-ietf-mailmaint-imap-uidbatches", "UidBatches",
        transcript(f"{RESULTS}::test_batches_of_uids")),
    _row("UIDONLY", "RFC 9586", "Enable FetchData",
        transcript(f"{RESULTS}::test_fetch_in_a_session_by_uid_only")),
    _row("UIDPLUS", "RFC 4315", "UidExpunge AppendUidCode CopyUidCode",
        both(f"{MESSAGES}::test_by_number_as_by_uid")),
    _row("UNAUTHENTICATE", "RFC 8437", "Unauthenticate",
        cyrus("connection/test_compress::"
              "test_cyrus_ends_the_compression_with_the_login"),
        transcript("connection/test_sasl_login::"
                   "test_unauthenticate_leaves_the_connection_for_another_user")),
    _row("UNSELECT", "RFC 3691", "Unselect",
        both(f"{MESSAGES}::test_opening_a_mailbox_tells_what_has_changed")),
    _row("URL-PARTIAL", "RFC 5550", "UrlPart",
        dovecot(f"{ANNOUNCED}::test_a_message_made_of_some_octets_of_another")),
    _row("URLAUTH", "RFC 4467", "GenUrlAuth UrlFetch ResetKey",
        both(f"{MAILBOXES}::test_authorized_urls_open_a_message")),
    _row("URLAUTH=BINARY", "RFC 5524", "UrlFetchItem",
        both(f"{MAILBOXES}::test_authorized_urls_open_a_message")),
    _row("UTF8=ACCEPT", "RFC 6855", "ConnectionConfig.enable Dialect",
        transcript(f"{UTF8}::test_names_travel_as_utf8_once_that_is_enabled"),
        transcript(f"{UTF8}::test_search_and_append_in_a_session_of_utf8")),
    _row("WITHIN", "RFC 5032", "IMAPSearchCriteria.older IMAPSearchCriteria.younger",
        both(f"{ANNOUNCED}::test_messages_of_the_last_seconds")),
    _row("X-GM-EXT-1", "Gmail",
        "MessagePart.GMAIL_LABELS MessagePart.GMAIL_MESSAGE_ID"
        " MessagePart.GMAIL_THREAD_ID IMAPSearchCriteria.gmail_raw UidStoreLabels",
        transcript("wire/responses/test_fetch_items::test_items_have_types"),
        transcript("client/test_flags::test_labels_are_sent_as_mailbox_names_are"),
        transcript("model/test_search::test_criteria_on_the_wire")),
    _row("X-QUOTA=", "Cyrus, before RFC 9208", "QuotaResource SetQuota",
        cyrus(f"{ANNOUNCED}::test_each_resource_that_is_announced_can_be_limited")),
    _row("XLIST", "Gmail, before RFC 6154", "Xlist",
        cyrus(f"{MAILBOXES}::test_xlist_marks_the_inbox_too")),
    _out("ANNOTATE-EXPERIMENT-1", "RFC 5257",
        "an experiment that its RFC ended; what comes of it is kept unread"),
    _out("AUTH=DIGEST-MD5", "RFC 2831", "taken back by RFC 6331"),
    _out("AUTH=GSSAPI", "RFC 4752", "needs a Kerberos; tokens do what it did"),
    _out("AUTH=NTLM", "Microsoft", "broken, and taken back by who made it"),
    _out("AUTH=OTP", "RFC 2444", "needs a list of passwords; tokens do what it did"),
    _out("DIGEST=SHA1", "Cyrus", "a fetch item for Cyrus's own replication"),
    _out("MAILBOX-REFERRALS", "RFC 2193",
        "LIST is right without it; a referral is a typed code of the refusal"),
    _out("NO_ATOMIC_RENAME", "Cyrus", "a warning, which asks nothing of a client"),
    _out("PREVIEW=FUZZY", "draft of RFC 8970", "PREVIEW stands beside it"),
    _out("SCAN", "draft-ietf-imapext-scan", "never a standard; MULTISEARCH is"),
    _out("SNIPPET=FUZZY", "draft of RFC 8970", "PREVIEW stands beside it"),
    _out("SORT=MODSEQ", "Cyrus", "of one server; changes are told in this order"),
    _out("SORT=UID", "Cyrus", "of one server; UIDs are sorted anyway"),
    _out("X-CREATEDMODSEQ", "Cyrus", "of one server, and written down nowhere"),
    _out("X-REPLICATION", "Cyrus", "for its own servers among themselves"),
    _out("X-SIEVE-MAILBOX", "Cyrus", "for its own servers among themselves"),
    _out("XCONVERSATIONS", "Cyrus", "of one server; THREADID is the standard"),
    _out("XMOVE", "Cyrus, before RFC 6851", "MOVE stands beside it"),
)
# fmt: on

_PASSWORD: Final = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")
_BOUND: Final = ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS")
_OF_DOVECOT: Final = (*_PASSWORD, "ANONYMOUS", "OAUTHBEARER", "XOAUTH2")
_OF_CYRUS: Final = (*_PASSWORD, "SCRAM-SHA-512")
MECHANISMS: Final[Mapping[On, Mapping[Security, tuple[str, ...]]]] = {
    On.DOVECOT: {
        Security.TLS: (*_OF_DOVECOT, "EXTERNAL"),
        Security.STARTTLS: (*_OF_DOVECOT, "EXTERNAL"),
        Security.PLAIN: _OF_DOVECOT,
    },
    On.CYRUS: {
        Security.TLS: (*_OF_CYRUS, *_BOUND),
        Security.STARTTLS: (*_OF_CYRUS, *_BOUND),
        Security.PLAIN: _OF_CYRUS,
    },
}
"""What each server announces, and a login by each of them succeeds."""


def ways(server: On) -> list[tuple[Security, str]]:
    """Return every way into *server*: the security, then the mechanism."""
    return [
        (security, mechanism)
        for security, mechanisms in MECHANISMS[server].items()
        for mechanism in mechanisms
    ]


def _markdown(*rows: tuple[str, ...]) -> str:
    head, *rest = rows
    lines = [head, ("---",) * len(head), *rest]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _proofs(extension: Extension) -> str:
    return "; ".join(
        f"{', '.join(SHOWN[server] for server in servers)}: "
        + ", ".join(f"`{proof.function}`" for proof in proofs)
        for servers, proofs in groupby(extension.proofs, attrgetter("on"))
    )


def extensions() -> str:
    """Return the table of what is spoken, in Markdown."""
    return _markdown(
        ("Capability", "Standard", "Spoken by", "Shown on"),
        *(
            (
                f"`{row.name}`",
                row.source,
                ", ".join(f"`{name}`" for name in row.spoken_by.split()),
                _proofs(row),
            )
            for row in EXTENSIONS
            if not row.left_out
        ),
    )


def left_out() -> str:
    """Return the table of what is not spoken, in Markdown."""
    return _markdown(
        ("Capability", "Source", "Why not"),
        *(
            (f"`{row.name}`", row.source, row.left_out)
            for row in EXTENSIONS
            if row.left_out
        ),
    )


def mechanisms() -> str:
    """Return the table of the ways to log in, in Markdown."""
    servers = [*MECHANISMS]
    names = dict.fromkeys(name for server in servers for _, name in ways(server))

    def cell(name: str, server: On) -> str:
        return ", ".join(security for security, found in ways(server) if found == name)

    return _markdown(
        ("Mechanism", *(SHOWN[server] for server in servers)),
        *((f"`{name}`", *(cell(name, server) for server in servers)) for name in names),
    )


def page() -> str:
    """Return the page with its tables as they should be, in their order."""
    tables = iter((extensions(), mechanisms(), left_out()))
    text = PAGE.read_text("utf-8")
    return re.sub(r"(?:^\|.*\n)+", lambda _: next(tables), text, flags=re.MULTILINE)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
