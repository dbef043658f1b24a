"""ENVELOPE and BODYSTRUCTURE: from parsed tokens to objects of the model."""

from __future__ import annotations

from ..errors import IMAPProtocolError
from ..model import BodyStructure, Envelope
from ._responses import Value


def envelope(values: list[Value]) -> Envelope:
    """Return the envelope that *values* say (RFC 9051 §7.5.2).

    Fields that are missing or odd become None or empty.
    """
    return Envelope.from_list(values)


def body_structure(values: list[Value]) -> BodyStructure:
    """Return the body structure that *values* say (RFC 9051 §7.5.2).

    Raises:
        IMAPProtocolError: it is empty.
    """
    try:
        return BodyStructure.from_raw(values)
    except ValueError as error:
        raise IMAPProtocolError(str(error)) from None
