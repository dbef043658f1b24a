"""SASL mechanisms as pure state machines (RFC 4422)."""

from ._choice import LOGIN_COMMAND, MECHANISMS, OAUTH, SCRAM, WITH_AUTHZID, make, ways
from ._external import Anonymous, External
from ._mechanism import MAX_CHALLENGE, Credentials, Mechanism, SaslError
from ._oauth import OAuthBearer, XOAuth2, error_details
from ._password import CramMd5, Login, Plain
from ._scram import MAX_ITERATIONS, Binding, Scram, is_scram_installed, tls_binding

__all__ = [
    "LOGIN_COMMAND",
    "MAX_CHALLENGE",
    "MAX_ITERATIONS",
    "MECHANISMS",
    "OAUTH",
    "SCRAM",
    "WITH_AUTHZID",
    "Anonymous",
    "Binding",
    "CramMd5",
    "Credentials",
    "External",
    "Login",
    "Mechanism",
    "OAuthBearer",
    "Plain",
    "SaslError",
    "Scram",
    "XOAuth2",
    "error_details",
    "is_scram_installed",
    "make",
    "tls_binding",
    "ways",
]
