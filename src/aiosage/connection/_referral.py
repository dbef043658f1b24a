"""Finding the server that another one refers to (RFC 2221 §3)."""

from __future__ import annotations

from ..model import Referral
from ..wire import ReferralCode, Status


def referral_in(status: Status) -> Referral | None:
    """Return where *status* sends the user; None if nowhere, or to no server."""
    if not isinstance(status.code, ReferralCode):
        return None
    try:
        return Referral.parse(status.code.url)
    except ValueError:
        return None
