from __future__ import annotations

import socket
import ssl
import sys
import threading

import pytest

from aiosage.testing import Certificates


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str | None:
    """Return the TLS version that *client* and *server* agree on for *name*."""
    here, there = socket.socketpair()

    def serve() -> None:
        # What is refused is the client's to report.
        try:
            server.wrap_socket(there, server_side=True).close()
        except OSError:
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(here, server_hostname=name) as stream:
            return stream.version()
    finally:
        here.close()
        thread.join()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_a_client_that_trusts_the_authority_verifies_the_server(
    certificates: Certificates, name: str
) -> None:
    server, client = certificates.server_context(), certificates.client_context()

    assert handshake(server, client, name) == "TLSv1.3"


def test_a_client_of_this_machine_does_not_trust_the_server(
    certificates: Certificates,
) -> None:
    """Otherwise a test of an untrusted certificate would prove nothing."""
    with pytest.raises(ssl.SSLCertVerificationError, match="issuer"):
        handshake(
            certificates.server_context(), ssl.create_default_context(), "localhost"
        )


def test_the_certificate_is_for_the_given_names_only() -> None:
    with Certificates("imap.example.org") as certificates:
        server, client = certificates.server_context(), certificates.client_context()

        assert handshake(server, client, "imap.example.org") == "TLSv1.3"
        with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
            handshake(server, client, "localhost")


def test_closing_removes_the_files_and_may_be_repeated() -> None:
    certificates = Certificates()
    assert certificates.ca_file.exists()

    certificates.close()
    certificates.close()

    assert not certificates.ca_file.parent.exists()


def test_without_trustme_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)  # what a failed import leaves

    with pytest.raises(ImportError, match=r"pip install 'aiosage\[testing\]'"):
        Certificates()
