"""The file of a bundle: readable by any zip program, and only as it was written."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.research.container import Member, Reader, Writer, _directory, _local
from bitgrid.research.errors import BadBundle, LimitReached

NAMES = st.from_regex(r"[a-z0-9_]{1,10}(/[a-z0-9_]{1,10}\.json)?", fullmatch=True)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=300), min_size=1, max_size=6)


def written(path: Path, members: dict[str, bytes], max_bytes: int = 10**6) -> Path:
    with path.open("wb") as file:
        writer = Writer(file, max_bytes)
        for name, content in members.items():
            writer.add(name, content)
        writer.finish()
    return path


def raw(*members: tuple[str, bytes]) -> bytes:
    """A file laid out as bundles are, of whatever names."""
    out, listed = b"", []
    for name, content in members:
        header = _local(name, zlib.crc32(content), len(content))
        listed.append(Member(name, len(out) + len(header), len(content), zlib.crc32(content)))
        out += header + content
    return out + _directory(listed, len(out))


@given(members=MEMBERS)
def test_what_is_written_is_read_again_and_by_any_zip_program(
    members: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("zip") / "x.zip", members)
    with path.open("rb") as file:
        reader = Reader(file)
        assert {name: reader.read(name) for name in reader.members} == members
    with zipfile.ZipFile(path) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist()} == members


def test_every_byte_but_the_contents_is_checked_by_the_layout_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "x.zip", {"a.json": b"", "b/c.json": b""})
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(BadBundle):
            _read_all(changed)


def _read_all(whole: bytes) -> None:
    """As a bundle is read: the layout, then each check sum."""
    reader = Reader(io.BytesIO(whole))
    names = list(reader.members)
    if names != ["a.json", "b/c.json"]:
        raise BadBundle("other files")
    for member in reader.members.values():
        if zlib.crc32(reader.read(member.name)) != member.crc:
            raise BadBundle("changed")


@pytest.mark.parametrize("cut", [0, 1, 30, 100])
def test_a_file_that_is_cut_off_or_goes_on_is_none(tmp_path: Path, cut: int) -> None:
    whole = written(tmp_path / "x.zip", {"a.json": b"1" * 100}).read_bytes()
    for other in (whole[: len(whole) - cut - 1], whole + b"\0" * (cut + 1), b"#!" + whole, whole[:cut]):
        with pytest.raises(BadBundle):
            Reader(io.BytesIO(other))


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../../b", "a//b", "a/./b", "C:\\x", "a\\b", "a/", "", "a/.hidden", "a b"]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(BadBundle, match="which no bundle has"):
        Reader(io.BytesIO(raw((name, b"x"))))


def test_a_member_that_stands_twice_is_refused() -> None:
    with pytest.raises(BadBundle, match=r"holds a\.json twice"):
        Reader(io.BytesIO(raw(("a.json", b"1"), ("a.json", b"2"))))


def _by_zipfile(compression: int, mode: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        told = zipfile.ZipInfo("a.json")
        told.external_attr, told.compress_type = mode << 16, compression
        file.writestr(told, b"\0" * 1_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("compression", "mode", "says"),
    [
        (zipfile.ZIP_DEFLATED, 0o100644, "compressed"),
        (zipfile.ZIP_STORED, 0o120777, "not what a bundle ends with"),
    ],
    ids=["a bomb", "a link"],
)
def test_bombs_and_links_are_refused_unopened(compression: int, mode: int, says: str) -> None:
    with pytest.raises(BadBundle, match=says):
        Reader(io.BytesIO(_by_zipfile(compression, mode)))


def test_a_length_beyond_the_file_reads_nothing() -> None:
    header = _local("a.json", 0, 4_000_000_000)
    with pytest.raises(BadBundle, match="cut off"):
        Reader(io.BytesIO(header))


def test_more_than_it_may_grow_to_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitReached, match="larger than 1 MB"):
        written(tmp_path / "x.zip", {"a.json": b"0" * 600_000, "b.json": b"0" * 600_000}, max_bytes=1_000_000)


@given(junk=st.binary(max_size=400))
def test_junk_is_no_bundle_and_breaks_nothing(junk: bytes) -> None:
    with pytest.raises(BadBundle):
        Reader(io.BytesIO(junk))
    with pytest.raises(BadBundle):
        Reader(io.BytesIO(b"PK\x03\x04" + junk))
