"""Finding the server that another one refers to (RFC 2221 §3)."""

from __future__ import annotations

from ..model import Referral
from ..wire import Status


def referral_in(status: Status) -> Referral | None:
    """Return where *status* sends the user; None if nowhere, or to no server."""
    code = status.code
    if code is None or code.name != "REFERRAL":
        return None
    try:
        return Referral.parse(code.text.partition(" ")[0])
    except ValueError:
        return None
