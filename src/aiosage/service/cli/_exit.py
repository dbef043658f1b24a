"""Exit codes, and which one an error is."""

from __future__ import annotations

from enum import IntEnum

from ...errors import (
    IMAPAuthenticationError,
    IMAPConfigurationError,
    IMAPConnectionError,
)


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CREDENTIALS = 3
    CONNECTION = 4
    INTERRUPTED = 130
    TERMINATED = 143


EXPLANATION = (
    "Exit codes: 0 all well, 1 something failed, 2 wrong usage, 3 credentials"
    " refused, 4 server not reachable, 130 interrupted, 143 terminated."
)


def exit_code(error: Exception) -> ExitCode:
    """Return the code that tells a script what to do about *error*."""
    if isinstance(error, IMAPConfigurationError):
        return ExitCode.USAGE
    if isinstance(error, IMAPAuthenticationError):
        return ExitCode.CREDENTIALS
    if isinstance(error, IMAPConnectionError):
        return ExitCode.CONNECTION
    return ExitCode.FAILED
