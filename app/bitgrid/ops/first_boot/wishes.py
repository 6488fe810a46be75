"""What the file bitgrid.yaml on the boot partition may say; docs/flashing.md tells it to its reader."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from bitgrid.config.schema import Model, Versioned

SHORTEST_RSA_BITS = 3072
MOST_KEYS = 20
_OF_TOKENS = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
KEY_KINDS = ("ssh-ed25519", "ssh-rsa", *(f"ecdsa-sha2-nistp{bits}" for bits in (256, 384, 521)), *_OF_TOKENS)
_WPA_KEY = re.compile(r"[0-9a-fA-F]{64}")
_QUOTES = "[\u2018-\u201f]"
_TYPOGRAPHIC = re.compile(f"{_QUOTES}.*{_QUOTES}", re.DOTALL)
HOME = [*map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"))]
HOME += map(ipaddress.ip_network, ("fe80::/10", "fc00::/7"))
"""What the firewall of the card lets in and out (image/ansible/inventory.yml)."""
_PRINTABLE = re.compile(r"[ -~]{8,63}")


def _host_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name) or name.isdigit() or name == "localhost":
        raise ValueError("a host name has up to 63 small letters, digits and hyphens, such as bitgrid-2")
    return name


def _public_key(text: str) -> str:
    if "PRIVATE KEY" in text:
        raise ValueError(
            "this is a private key: never give it away. Put in the content of the file that ends in .pub, "
            "and make a new pair, since this card has seen the private one"
        )
    text = text.strip()
    kind, _, rest = text.partition(" ")
    key, _, _comment = rest.partition(" ")
    if not text.isprintable() or not key:
        raise ValueError("a public key is one line, such as: ssh-ed25519 AAAA… anna")
    if kind == "ssh-dss":
        raise ValueError("a key of DSA is not taken any more; make one with: ssh-keygen -t ed25519")
    if kind not in KEY_KINDS:
        raise ValueError(
            "a public key begins with its kind, such as ssh-ed25519; no options are taken, and no certificates"
        )
    known = _read_key(f"{kind} {key}")
    if isinstance(known, RSAPublicKey) and known.key_size < SHORTEST_RSA_BITS:
        raise ValueError(
            f"an RSA key of {known.key_size} bits is too short ({SHORTEST_RSA_BITS} at least); "
            "make one with: ssh-keygen -t ed25519"
        )
    return text


_UNREADABLE = "this is no public key that can be read: is it whole? It is the one line of the file id_ed25519.pub"


def _read_key(text: str) -> object:
    try:
        return load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(_UNREADABLE) from None


def _country(code: str) -> str:
    if code == "UK":
        raise ValueError("the United Kingdom's code is GB")
    if not re.fullmatch("[A-Z]{2}", code):
        raise ValueError("a country has two capital letters here (ISO 3166), such as DE, AT or CH")
    return code


def _plain_address(text: str) -> str:
    """An address that a computer can have; none with a zone, in which anything can stand."""
    if "%" in text:
        raise ValueError("an address with a zone (%) is not taken")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("this is no address, such as 192.168.1.20") from None
    if not any(address.version == home.version and address in home for home in HOME):
        raise ValueError(
            f"{address} is no address of a computer in a home, the only ones that the firewall lets through: "
            "10.…, 172.16.… to 172.31.…, 192.168.…, fd…"
        )
    return str(address)


def _on_one_line(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ValueError("a name is one line, of letters that can be seen")
    return name


def _in_small_letters(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


HostName = Annotated[str, AfterValidator(_host_name)]
PublicKey = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_public_key)]


class Wifi(Model):
    """The wireless network."""

    name: str = Field(description="Its name (SSID), in capitals and small letters as the router shows it.")
    password: str = Field(
        description="Its password: 8 to 63 characters without umlauts, or 64 hexadecimal digits. Between '…', as "
        "it may look like something else; a ' in it is written twice."
    )
    country: Annotated[str, AfterValidator(_country)] = Field(
        description="Where the house is, such as DE: which channels are allowed depends on it."
    )

    @field_validator("name")
    @classmethod
    def _fits_into_a_frame(cls, name: str) -> str:
        if not 1 <= len(name.encode()) <= 32:  # noqa: PLR2004  IEEE 802.11: 0 to 32 octets, and 0 means any
            raise ValueError("the name of a wireless network has 1 to 32 bytes")
        if _TYPOGRAPHIC.fullmatch(name):
            raise ValueError(
                "it is between typographic quotes, which would be a part of the name; type plain ones"
            )
        return name

    @field_validator("password")
    @classmethod
    def _is_wpa(cls, password: str) -> str:
        if not _WPA_KEY.fullmatch(password) and not _PRINTABLE.fullmatch(password):
            raise ValueError("a password of WPA has 8 to 63 characters without umlauts, or 64 hexadecimal digits")
        return password


Address = Annotated[str, AfterValidator(_plain_address)]


class Network(Model):
    """A fixed address, where the router is not to give one."""

    address: str = Field(description="With the length of its prefix: 192.168.1.20/24.")
    gateway: Address = Field(description="The router's address.")
    dns: list[Address] = Field(
        default=[],
        max_length=3,
        description="Name servers in the home: the firewall lets no others be asked. By default the router.",
    )

    @field_validator("address")
    @classmethod
    def _has_a_prefix(cls, text: str) -> str:
        if "/" not in text:
            raise ValueError("the length of the prefix is missing: 192.168.1.20/24, where 24 is 255.255.255.0")
        _plain_address(text.partition("/")[0])
        try:
            own = ipaddress.ip_interface(text)
        except ValueError:
            raise ValueError("the length of the prefix cannot be; 24 as in 192.168.1.20/24 is usual") from None
        if own.network.prefixlen == 0:
            raise ValueError("a prefix of 0 is the whole internet; 24 as in 192.168.1.20/24 is usual")
        return str(own)

    @model_validator(mode="after")
    def _reaches_the_router(self) -> Self:
        own, router = ipaddress.ip_interface(self.address), ipaddress.ip_address(self.gateway)
        if router not in own.network:
            raise ValueError(f"the router {router} is not in the network {own.network} of {own}")
        if router == own.ip:
            raise ValueError(f"{router} is the router's address; this computer needs one of its own")
        # RFC 3021: with a prefix one bit short of the longest, or as long, there is neither.
        has_whole = own.network.prefixlen < own.network.max_prefixlen - 1
        whole = (own.network.network_address, own.network.broadcast_address)
        for address in (own.ip, router):
            if has_whole and address in whole:
                raise ValueError(f"{address} names the whole network {own.network}; take one within it")
        return self


class Place(Model):
    """What of site.yaml can be said before the wizard asks."""

    name: Annotated[str, StringConstraints(max_length=60), AfterValidator(_on_one_line)] | None = Field(
        default=None, description="The house's name, as the page shows it."
    )
    language: Literal["de", "en"] | None = Field(default=None, description="de or en.")
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = Field(default=None, description="Degrees.")
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = Field(default=None, description="Degrees.")

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude are given together, or not at all")
        return self


class Wishes(Versioned):
    """The whole of bitgrid.yaml. Nothing has to be said but ``schema``; what is not said stays as it is."""

    hostname: HostName | None = Field(
        default=None, description="Small letters, digits and hyphens; found in the network as NAME.local."
    )
    ssh_keys: Annotated[list[PublicKey], Field(max_length=MOST_KEYS)] | None = Field(
        default=None,
        description="Public keys of who may log in by ssh as admin, which backups and updates need; the page does "
        "not. `[]`: nobody may. Not said: who may stays so.",
    )
    wifi: Wifi | None = Field(default=None, description="Only where there is no network cable.")
    network: Annotated[Network | Literal["dhcp"] | None, BeforeValidator(_in_small_letters)] = Field(
        default=None,
        description="Only where the router is not to give an address; `dhcp` lets it give one again. "
        "Where there is Wi-Fi it is Wi-Fi's, else the cable's.",
    )
    time_zone: str | None = Field(default=None, description="Such as Europe/Berlin.")
    site: Place | None = Field(default=None, description="What the wizard would ask otherwise.")

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, name: str | None) -> str | None:
        if name in {"", "localtime", "posixrules"}:
            raise ValueError("this is no time zone; use a name such as Europe/Berlin")
        try:
            return name and ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("unknown time zone; use a name such as Europe/Berlin") from None
