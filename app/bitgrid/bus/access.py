"""How a client is let in at the broker: by nothing, a password or a certificate; and whether by TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt.client import Client


@dataclass(frozen=True)
class Access:
    """What a client shows to the broker, and by what it knows the broker.

    Args:
        user: name of its account; None: none is shown.
        password: belongs to it; in no representation.
        ca_file: who must have signed the broker's certificate (PEM); None: the connection is not encrypted.
        certificate: this client's own certificate and key (PEM); only with ``ca_file``.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    certificate: tuple[Path, Path] | None = None

    def apply(self, client: Client) -> None:
        """Make a client that has not connected yet show all this.

        Raises:
            OSError: a file cannot be read; `ssl.SSLError`, which is one, where it holds no certificate or key.
        """
        if self.user is not None:
            client.username_pw_set(self.user, self.password)
        if self.ca_file is not None:
            client.tls_set_context(self._tls(self.ca_file))

    def _tls(self, ca_file: Path) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self.certificate is not None:
            context.load_cert_chain(*self.certificate)
        return context
