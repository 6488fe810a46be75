"""The signing key: made once, for its owner's eyes, and never told."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from bitgrid.research.errors import BadBundle, ResearchError
from bitgrid.research.signing import FILE, PublicKey, known_key, own_key


def test_it_is_made_at_first_use_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    place = tmp_path / "secrets"
    assert known_key(place) is None
    first = own_key(place)
    assert stat.S_IMODE((place / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert own_key(place).public == first.public
    assert [path.name for path in place.iterdir()] == [FILE]


def test_two_houses_have_two_keys(tmp_path: Path) -> None:
    assert own_key(tmp_path / "a").public != own_key(tmp_path / "b").public


def test_what_it_signed_is_its_own_and_nothing_else_is(tmp_path: Path) -> None:
    key, other = own_key(tmp_path / "a"), own_key(tmp_path / "b")
    signature = key.sign(b"text")
    told = PublicKey.from_text(key.public.text)
    assert told.has_signed(b"text", signature)
    assert not told.has_signed(b"texT", signature)
    assert not other.public.has_signed(b"text", signature)
    assert not told.has_signed(b"text", b"short")


def test_the_key_is_in_no_representation(tmp_path: Path) -> None:
    key = own_key(tmp_path)
    secret = (tmp_path / FILE).read_text().splitlines()[1]
    assert secret not in repr(key) + str(key)
    assert key.public.id in repr(key)


def test_openssl_verifies_it_too(tmp_path: Path) -> None:
    key, content, signature = own_key(tmp_path), tmp_path / "sums", tmp_path / "sums.sig"
    content.write_bytes(b"text")
    signature.write_bytes(key.sign(b"text"))
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-in", content, "-sigfile", signature]
    done = subprocess.run([*command, "-inkey", tmp_path / FILE], capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [(b"", 0o600, "is no Ed25519 key"), (b"nonsense", 0o600, "is no Ed25519 key"), (b"", 0o640, "chmod 600")],
)
def test_a_key_file_that_is_none_or_others_may_read_is_refused(
    tmp_path: Path, content: bytes, mode: int, says: str
) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(ResearchError, match=says):
        own_key(tmp_path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResearchError, match=r"no signing key could be made|cannot be read"):
        own_key(tmp_path / "file" / "secrets")


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "ä"])
def test_a_public_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadBundle):
        PublicKey.from_text(text)
