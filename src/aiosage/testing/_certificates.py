"""Throw-away certificates, so that tests speak real TLS and verify it."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")


class Certificates:
    """A certificate authority of its own, and a server certificate it signed.

    The files live in a temporary folder that :meth:`close`, or the end of a
    ``with`` block, removes. The contexts go on working after that.

    Attributes:
        ca_file: the authority's certificate (PEM): what a client must trust.
        certificate_file: the server's certificate chain (PEM).
        key_file: the server's private key (PEM), not encrypted.
    """

    ca_file: Final[Path]
    certificate_file: Final[Path]
    key_file: Final[Path]

    def __init__(self, *names: str, folder: Path | None = None) -> None:
        """Make a key pair for the authority and one for the server.

        Args:
            names: host names and IP addresses the server certificate is valid
                for; the usual names of this machine when none is given.
            folder: where to make the temporary folder; None for the usual place.

        Raises:
            ImportError: trustme is not installed.
        """
        try:
            import trustme
        except ImportError as error:
            raise ImportError(
                "making certificates needs trustme: pip install 'aiosage[testing]'"
            ) from error
        authority = trustme.CA()
        server = authority.issue_cert(*(names or LOCAL_NAMES))
        self._folder = tempfile.TemporaryDirectory(prefix="aiosage-", dir=folder)
        path = Path(self._folder.name)
        self.ca_file = path / "ca.pem"
        self.certificate_file = path / "server.pem"
        self.key_file = path / "server.key"
        authority.cert_pem.write_to_path(self.ca_file)
        server.private_key_pem.write_to_path(self.key_file)
        for link in server.cert_chain_pems:
            link.write_to_path(self.certificate_file, append=True)

    def server_context(self) -> ssl.SSLContext:
        """Return a new context for a server that shows the certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a new verifying context for a client, trusting only this CA."""
        return ssl.create_default_context(cafile=self.ca_file)

    def close(self) -> None:
        """Remove the files; harmless when done already."""
        self._folder.cleanup()

    def __enter__(self) -> Certificates:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
