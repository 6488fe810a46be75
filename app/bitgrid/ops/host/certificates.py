"""The appliance's own authority, and the certificates it signs: made at first start, by openssl(1), never copied.

The authority can vouch for names of a home network and private addresses alone (name constraints), so that a
tablet that trusts it trusts it with nothing else. Certificates are made anew a month before they end, or for
another name; the authority stays, and so does the tablet's trust.
"""

from __future__ import annotations

import ipaddress
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.openssl import openssl
from bitgrid.store.files import sync

CA_DAYS = 20 * 365
CERTIFICATE_DAYS = 397
"""Browsers refuse a server's certificate that lives longer than 398 days."""
RENEW_BEFORE_S = 30 * 86_400
HOME_DOMAINS = ("local", "lan", "home", "internal", "home.arpa", "localhost")
PRIVATE_NETWORKS = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)

_CA_CONFIG = """\
[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
O = BitGrid
CN = BitGrid of {host}
[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, {permitted}
"""
_SERVER_CONFIG = """\
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""
_CLIENT_CONFIG = """\
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Authority:
    """The keys in a directory, of which only root reads ``ca.key``.

    Args:
        directory: where they are, or will be.
        host: the host's name, for people who look at the certificate.
    """

    directory: Path
    host: str

    def make(self, own_domains: Iterable[str] = ()) -> bool:
        """Make key and certificate of the authority where they are missing; tell whether it did.

        Args:
            own_domains: domains beside `HOME_DOMAINS` that it may vouch for, fixed from now on.
        """
        self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        if _is_there(self._file("ca.crt")) and _is_there(self._file("ca.key")):
            return False
        domains = [*HOME_DOMAINS, *own_domains]
        permitted = [f"permitted;DNS:{domain}" for domain in domains]
        permitted += [f"permitted;IP:{_with_mask(network)}" for network in PRIVATE_NETWORKS]
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            key, crt, conf = (Path(scratch) / name for name in ("ca.key", "ca.crt", "ca.conf"))
            conf.write_text(_CA_CONFIG.format(host=self.host, permitted=", ".join(permitted)), encoding="utf-8")
            _new_key(key)
            days = ("-days", str(CA_DAYS))
            openssl("req", "-x509", "-new", "-key", str(key), "-config", str(conf), *days, "-out", str(crt))
            _publish({key: self._file("ca.key"), crt: self._file("ca.crt")})
        return True

    def certify(self, name: str, names: Sequence[str]) -> bool:
        """Make ``name.key`` and ``name.crt`` for these names and addresses, if there are none that will do.

        Returns:
            Whether it made new ones; whoever serves them must read them anew.
        """
        if self._will_do(name, names):
            return False
        self._sign(name, names[0], _SERVER_CONFIG.format(names=_alternative_names(names)))
        return True

    def admit(self, name: str) -> bool:
        """Make ``name.key`` and ``name.crt`` for a client of that name; as `certify`."""
        if self._will_do(name, ()):
            return False
        self._sign(name, name, _CLIENT_CONFIG)
        return True

    def _sign(self, name: str, subject: str, extensions: str) -> None:
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            key, asked, crt, conf = (Path(scratch) / f"new.{kind}" for kind in ("key", "csr", "crt", "conf"))
            conf.write_text(extensions, encoding="utf-8")
            _new_key(key)
            openssl("req", "-new", "-key", str(key), "-subj", f"/O=BitGrid/CN={subject}", "-out", str(asked))
            signer = ["-CA", str(self._file("ca.crt")), "-CAkey", str(self._file("ca.key")), "-CAcreateserial"]
            signer += ["-CAserial", str(Path(scratch) / "serial"), "-days", str(CERTIFICATE_DAYS)]
            openssl("x509", "-req", "-in", str(asked), *signer, "-extfile", str(conf), "-out", str(crt))
            _publish({key: self._file(f"{name}.key"), crt: self._file(f"{name}.crt")})

    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, as a tablet shows it before it trusts it."""
        found = openssl("x509", "-in", str(self._file("ca.crt")), "-noout", "-fingerprint", "-sha256")
        return found.partition("=")[2].strip()

    def _will_do(self, name: str, names: Sequence[str]) -> bool:
        crt = self._file(f"{name}.crt")
        if not _is_there(crt) or not _is_there(self._file(f"{name}.key")):
            return False
        try:
            openssl("x509", "-in", str(crt), "-noout", "-checkend", str(RENEW_BEFORE_S))
            openssl("verify", "-CAfile", str(self._file("ca.crt")), str(crt))
            told = openssl("x509", "-in", str(crt), "-noout", "-ext", "subjectAltName") if names else ""
        except Refusal:
            return False
        return _told_names(told) == {_plain_name(one) for one in names}

    def _file(self, name: str) -> Path:
        return self.directory / name


def _new_key(path: Path) -> None:
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path))
    path.chmod(0o600)


def _publish(made: dict[Path, Path]) -> None:
    """Into their places, the key before its certificate, each whole even if the power goes then."""
    for new, place in made.items():
        sync(new)
        new.replace(place)
    for directory in {place.parent for place in made.values()}:
        sync(directory)


def _is_there(path: Path) -> bool:
    """Whether it is there with something in it."""
    return path.is_file() and path.stat().st_size > 0


def _alternative_names(names: Sequence[str]) -> str:
    return ", ".join(f"{'IP' if _address(name) else 'DNS'}:{name}" for name in names)


def _told_names(told: str) -> set[str]:
    """The names in what openssl prints of a certificate's subjectAltName."""
    if not told:
        return set()
    words = told.splitlines()[-1].replace("IP Address:", "DNS:").split("DNS:")
    return {_plain_name(word.strip(" ,")) for word in words if word.strip(" ,")}


def _plain_name(name: str) -> str:
    return _address(name) or name.lower()


def _address(name: str) -> str:
    """An address in its one form; empty for a name."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return ""


def _with_mask(network: str) -> str:
    found = ipaddress.ip_network(network)
    return f"{found.network_address}/{found.netmask}"
