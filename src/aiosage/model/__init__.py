"""The nouns of mail, immutable and free of I/O."""

from ._address import EmailAddress, RawAddress, addresses_from_raw
from ._answer import compose_forward, compose_reply, quoted_text
from ._attachment import Attachment, safe_filename
from ._base_subject import BaseSubject, base_subject, collation_key
from ._body_structure import BodyStructure
from ._compose import compose
from ._envelope import Envelope
from ._fetched_message import FetchedMessage
from ._flags import Flag
from ._headers import Headers
from ._html_text import html_to_text
from ._mailbox import MailboxInfo, MailboxStatus, SpecialUse
from ._mailbox_diff import Flags, MailboxDiff, lasting_flags, mailbox_diff
from ._mailbox_tree import MailboxNode, mailbox_tree
from ._message import EmailMessage
from ._message_part import MessagePart
from ._message_set import MessageSet
from ._order import (
    Descending,
    SortKey,
    SortValue,
    in_order,
    key_of,
    sort_values,
)
from ._partial_range import PartialRange
from ._profiles import ServerProfile, profile_of
from ._ranges import MAX_UID
from ._raw_values import RawValue
from ._referral import Referral
from ._response_code import ResponseCode
from ._rights import Right, Rights
from ._search import IMAPSearchCriteria
from ._search_nodes import (
    SearchAtom,
    SearchName,
    SearchSet,
    SearchString,
    SearchToken,
)
from ._secret import Secret
from ._sequence_set import SavedResult, SequenceSet
from ._special_mailboxes import special_mailboxes
from ._special_names import SPECIAL_NAMES
from ._thread_item import ThreadItem
from ._thread_node import ThreadNode
from ._threading import ThreadAlgorithm, threads_of
from ._transfer_decoder import TransferDecoder, transfer_decoder

__all__ = [
    "MAX_UID",
    "SPECIAL_NAMES",
    "Attachment",
    "BaseSubject",
    "BodyStructure",
    "Descending",
    "EmailAddress",
    "EmailMessage",
    "Envelope",
    "FetchedMessage",
    "Flag",
    "Flags",
    "Headers",
    "IMAPSearchCriteria",
    "MailboxDiff",
    "MailboxInfo",
    "MailboxNode",
    "MailboxStatus",
    "MessagePart",
    "MessageSet",
    "PartialRange",
    "RawAddress",
    "RawValue",
    "Referral",
    "ResponseCode",
    "Right",
    "Rights",
    "SavedResult",
    "SearchAtom",
    "SearchName",
    "SearchSet",
    "SearchString",
    "SearchToken",
    "Secret",
    "SequenceSet",
    "ServerProfile",
    "SortKey",
    "SortValue",
    "SpecialUse",
    "ThreadAlgorithm",
    "ThreadItem",
    "ThreadNode",
    "TransferDecoder",
    "addresses_from_raw",
    "base_subject",
    "collation_key",
    "compose",
    "compose_forward",
    "compose_reply",
    "html_to_text",
    "in_order",
    "key_of",
    "lasting_flags",
    "mailbox_diff",
    "mailbox_tree",
    "profile_of",
    "quoted_text",
    "safe_filename",
    "sort_values",
    "special_mailboxes",
    "threads_of",
    "transfer_decoder",
]
