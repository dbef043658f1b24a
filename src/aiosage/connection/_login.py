"""Logging in, by the best way that the server offers and the credentials allow.

With ``auth="auto"`` a way is left for the next one only if the server refused it
before it had seen anything that depends on the password: then the refusal is not
about the password, but about the way. Who could forge such a refusal could as
well have announced less in the first place.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from ..errors import (
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPConfigurationError,
    IMAPError,
    suggested_delay,
)
from ..model import Secret
from ..wire import Condition, Status
from ..wire.commands import Authenticate, Capability, Command, Login, SessionState
from ._config import AUTO, ConnectionConfig, Security
from ._protocol import IMAPProtocol
from ._referral import referral_in
from .sasl import (
    LOGIN_COMMAND,
    OAUTH,
    SCRAM,
    Binding,
    Credentials,
    Mechanism,
    is_scram_installed,
    make,
    tls_binding,
    ways,
)

# What a server answers when the same credentials may work later (RFC 5530 §3).
_TEMPORARY: Final = frozenset(
    {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "THROTTLED"}
)


async def run(protocol: IMAPProtocol, command: Command[object]) -> Status:
    """Send *command* and return its tagged response, whatever it says."""
    pending = await protocol.submit(command)
    return pending.done.result()


async def ensure_capabilities(protocol: IMAPProtocol) -> None:
    """Ask for the capabilities unless the server has told them unasked."""
    if not protocol.capabilities:
        await run(protocol, Capability())


async def log_in(
    config: ConnectionConfig, protocol: IMAPProtocol, token: Secret | None
) -> None:
    """Log in, unless the server has greeted with PREAUTH.

    Args:
        config: who logs in.
        protocol: the session.
        token: the OAuth 2.0 access token; None to use the password.

    Raises:
        IMAPAuthenticationError: the server refused, or did not prove itself.
        IMAPCapabilityError: it offers no way that will do.
        IMAPConfigurationError: that needs an extra that is not installed.
    """
    await ensure_capabilities(protocol)
    if protocol.session_state is not SessionState.NOT_AUTHENTICATED:
        return
    offered = protocol.offered
    session = protocol.socket_transport.get_extra_info("ssl_object")
    # Taking the binding loads scramp, which costs 40 ms once.
    binding = tls_binding(session) if _has_scram(offered) else None
    credentials = Credentials(
        config.username,
        config.password,
        config.authzid,
        token,
        config.host,
        config.effective_port,
    )
    failure: IMAPError | None = None
    for way in _ways(config, offered, token, binding, in_tls=session is not None):
        mechanism: Mechanism | None = None
        protocol.capabilities = set()  # what was announced before logging in is void
        try:
            if way == LOGIN_COMMAND:
                status = await run(protocol, Login(config.username, config.password))
            else:
                mechanism = make(way, credentials, offered=offered, binding=binding)
                status = await _authenticate(
                    protocol, Authenticate(mechanism, "SASL-IR" in offered), mechanism
                )
        except IMAPConfigurationError:
            raise
        except ValueError:
            failure = failure or _unsayable(config, way)
            continue
        if status.condition is Condition.OK and not (mechanism and mechanism.failure):
            protocol.referral = referral_in(status)
            await ensure_capabilities(protocol)
            return
        if mechanism is not None and (mechanism.error or status.condition == "OK"):
            failure = _broken(config, mechanism)
            break
        failure = refused = _refused(config, protocol, mechanism, status)
        if mechanism is None or mechanism.has_proved:
            break
        if refused.retryable or refused.referral is not None:
            break
    # Without a cause: a ValueError may hold the password.
    raise failure or _no_way(config, offered, token) from None


async def _authenticate(
    protocol: IMAPProtocol, command: Authenticate, mechanism: Mechanism
) -> Status:
    pending = protocol.start(command)
    if mechanism.initial_response:
        protocol.redactor.hide(
            base64.b64encode(mechanism.initial_response).decode("ascii")
        )
    return await protocol.finish(pending)


def _ways(
    config: ConnectionConfig,
    offered: frozenset[str],
    token: Secret | None,
    binding: Binding | None,
    *,
    in_tls: bool,
) -> Iterable[str]:
    name = config.auth
    if name == AUTO:
        return ways(
            offered,
            has_password=bool(config.password),
            has_token=token is not None,
            has_authzid=config.authzid is not None,
            in_tls=in_tls,
            # Which binding a server expects over TLS 1.3 is not agreed on, and one
            # that expects another refuses the right password (Cyrus 3.6): there it
            # is used only if asked for by name.
            can_bind=binding is not None and binding[0] == "tls-unique",
            can_scram=is_scram_installed(),
        )
    if name.endswith("-PLUS") and binding is None and is_scram_installed():
        return ()
    if f"AUTH={name}" in offered:
        return (name,)
    if name == "LOGIN" and "LOGINDISABLED" not in offered:
        return (LOGIN_COMMAND,)
    return ()


def _has_scram(offered: frozenset[str]) -> bool:
    return any(f"AUTH={name}" in offered for name in SCRAM)


def _no_way(
    config: ConnectionConfig, offered: frozenset[str], token: Secret | None
) -> IMAPError:
    """Return why the server cannot be logged in to."""
    if config.auth != AUTO:
        return IMAPCapabilityError(
            f"{config.address} offers no login by {config.auth}",
            capability=f"AUTH={config.auth}",
            hint="Use auth='auto'; some servers offer more over TLS.",
        )
    if token is not None:
        return IMAPCapabilityError(
            f"{config.address} offers no way to log in with a token",
            capability=f"AUTH={OAUTH[0]}",
            hint="Use a password, or an app password.",
        )
    if not is_scram_installed() and _has_scram(offered):
        needs = f"auth: the SCRAM that {config.address} offers needs scramp"
        return IMAPConfigurationError([f"{needs}: pip install 'aiosage[auth]'"])
    if config.security is Security.PLAIN:
        hint = "Use security='tls' or 'starttls': the server wants passwords encrypted."
    else:
        hint = "It may want OAuth 2.0 or another mechanism."
    return IMAPCapabilityError(
        f"{config.address} offers no way to log in with a password"
        + (" and act as another user" if config.authzid is not None else ""),
        capability="AUTH=PLAIN",
        hint=hint,
    )


def _unsayable(config: ConnectionConfig, way: str) -> IMAPAuthenticationError:
    return IMAPAuthenticationError(
        f"{config.address} cannot be sent this user name or password by {way}",
        hint="They hold NUL or what is not a character: check where they come from.",
    )


def _broken(config: ConnectionConfig, mechanism: Mechanism) -> IMAPAuthenticationError:
    """Return the error of an exchange that we, not the server, have ended."""
    return IMAPAuthenticationError(
        f"logging in to {config.address} by {mechanism.name} failed:"
        f" {mechanism.failure}",
        hint="Check that this is the right server, and nobody in between; another"
        " mechanism can be named by auth=.",
    )


def _refused(
    config: ConnectionConfig,
    protocol: IMAPProtocol,
    mechanism: Mechanism | None,
    status: Status,
) -> IMAPAuthenticationError:
    code = status.code.name if status.code else None
    retryable = code in _TEMPORARY or suggested_delay(status.text) is not None
    details: dict[str, str] = {}
    if mechanism is not None:
        for name, told in mechanism.details.items():
            details[protocol.redactor.text(name)] = protocol.redactor.text(told)
    referral = referral_in(status)
    if referral is not None:
        hint = f"The account is on {referral.host}."
    else:
        hint = "Try again later." if retryable else _advice(mechanism, details)
    reason = f" ({details['status']})" if "status" in details else ""
    return IMAPAuthenticationError(
        f"{config.address} refused to log in {config.username!r}:"
        f" {status.text}{reason}",
        code=code,
        text=status.text,
        retryable=retryable,
        details=details,
        referral=referral,
        hint=hint,
    )


def _advice(mechanism: Mechanism | None, details: dict[str, str]) -> str:
    name = mechanism.name if mechanism is not None else ""
    if name in OAUTH:
        scope = details.get("scope")
        wanted = f" (the server wants {scope!r})" if scope else ""
        return f"Check the user name, and the token's age and scope{wanted}."
    if name == "EXTERNAL":
        return "Check that ssl_context has the client certificate loaded."
    advice = "Check user name and password; many providers want an app password."
    if name in SCRAM or name == "CRAM-MD5":
        advice += f" If they are right, the server may not have them for {name}:"
        advice += " try auth='PLAIN'."
    return advice
