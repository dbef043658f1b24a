"""Mechanisms that need a password only: PLAIN, LOGIN and CRAM-MD5."""

from __future__ import annotations

import hmac

from ._mechanism import Credentials, Mechanism, SaslError, octets


class Plain(Mechanism):
    """The password as it is (RFC 4616)."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__("PLAIN")
        self._message = b"\0".join(
            (
                octets(credentials.authzid or ""),
                octets(credentials.username),
                octets(credentials.password),
            )
        )

    def _initial(self) -> bytes:
        self.has_proved = True
        return self._message


class Login(Mechanism):
    """User name and password, each when asked (draft-murchison-sasl-login).

    What the two questions say differs between servers; their order does not.
    """

    def __init__(self, credentials: Credentials) -> None:
        super().__init__("LOGIN")
        self._answers = [octets(credentials.password), octets(credentials.username)]

    def _initial(self) -> None:
        return None

    def _respond(self, challenge: bytes) -> bytes:
        if not self._answers:
            raise SaslError("the server asks for more than user name and password")
        answer = self._answers.pop()
        self.has_proved = not self._answers
        return answer


class CramMd5(Mechanism):
    """The password proved by HMAC-MD5 of what the server says (RFC 2195)."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__("CRAM-MD5")
        self._username = octets(credentials.username)
        self._password = octets(credentials.password)

    def _initial(self) -> None:
        return None

    def _respond(self, challenge: bytes) -> bytes:
        if self.has_proved:
            return super()._respond(challenge)
        try:
            digest = hmac.new(self._password, challenge, "md5").hexdigest()
        except ValueError:  # a Python in FIPS mode
            raise SaslError("this Python has no MD5") from None
        self.has_proved = True
        return self._username + b" " + digest.encode("ascii")
