"""A bundle from end to end: made, verified, replayed; nothing private in it; whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.kernel import canonical_json
from bitgrid.replay.replaying import Replayer
from bitgrid.research.container import Reader, Writer
from bitgrid.research.errors import BadBundle, LimitReached, NothingToExport, NotPseudonymous, ResearchError
from bitgrid.research.layout import KINDS, SIGNATURE, SUMS, Scope, sums_text
from bitgrid.research.making import Limits, Made
from bitgrid.research.reading import Bundle, opened
from bitgrid.research.signing import own_key
from bitgrid.store import EventRow
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.verify import verify
from replay.houses import MAY_MORNING_S, shipped
from research.conftest import BLOCKS, BUNDLE_ID, WHOLE, exporter
from research.homes import CLOCK_S, PRIVATE, Home, lived, private


def replayed(path: Path) -> tuple[int, list[str]]:
    """How many decisions a bundle holds, and what of them is not derived again."""
    with opened(path) as bundle:
        bundle.verify()
        replayer = Replayer(bundle)
        found = [str(difference) for row in bundle.records() for difference in replayer.check(row)]
    return replayer.checked, found


def texts_of(path: Path) -> str:
    """Every text in a bundle, the cells of its tables included."""
    with zipfile.ZipFile(path) as file:
        tables = [
            pq.read_table(io.BytesIO(file.read(name))) for name in file.namelist() if name.endswith("parquet")
        ]
        plain = [file.read(name).decode("utf-8", "replace") for name in file.namelist() if "parquet" not in name]
    cells = [str(table.to_pylist()) + str(table.schema) for table in tables]
    return "\n".join([*plain, *cells, path.read_bytes().decode("latin-1")])


# -- what it is for -------------------------------------------------------------------------------------------


def test_what_was_made_is_verified_and_replayed_to_the_byte(made: Made, home: Home) -> None:
    with opened(made.path) as bundle:
        verified = bundle.verify()
    assert verified.about.bundle_id == BUNDLE_ID
    assert verified.about.rows == made.rows
    assert made.rows["decisions"] == len(home.paper.rows) == 2 * (BLOCKS - 1)
    assert replayed(made.path) == (len(home.paper.rows), [])


def test_a_change_of_the_house_is_in_the_replay(made: Made) -> None:
    actions = set()
    with opened(made.path) as bundle:
        actions = {json.loads(row.record)["decision"]["action"] for row in bundle.records()}
    assert {"START", "STOP", "HOLD"} <= actions, "a bundle of nothing but rest would prove little"


def test_no_word_of_the_owners_is_anywhere_in_it(made: Made) -> None:
    told = texts_of(made.path)
    assert [word for word in PRIVATE if word in told] == []
    assert "load_1" in told
    assert "load_2.power_w" in told


def test_names_are_the_same_in_every_kind(made: Made) -> None:
    with zipfile.ZipFile(made.path) as file:
        tables = {
            kind: pq.read_table(io.BytesIO(file.read(f"archive/{kind}/2025-05-14.parquet"))).to_pylist()
            for kind in KINDS
        }
    for kind in ("decisions", "energy_to_value", "explain_sessions"):
        assert {row["load"] for row in tables[kind]} == {"load_1", "load_2"}
    assert {"load_1.power_w", "load_2.temp_c"} <= {row["signal"] for row in tables["states"]}
    assert {row["device"] for row in tables["telemetry"]} == {"load_1", "load_2", "device_3", "bitcoin"}
    ids = {row["decision_id"].rsplit("-", 4)[0] for row in tables["explain_sessions"]}
    assert ids == {"load_1", "load_2"}
    assert "load_1" in tables["explain_sessions"][0]["texts"]


def test_telemetry_that_nobody_knows_is_left_out_and_counted(made: Made, home: Home) -> None:
    assert made.rows["telemetry"] == 3 * len(home.paper.rows)
    with opened(made.path) as bundle:
        assert bundle.verify().about.left_out_rows == len(home.paper.rows)


def test_a_bundle_is_an_archive_like_any_other(made: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.path) as file:
        file.extractall(tmp_path)
    assert verify(tmp_path / "archive") == []
    assert ArchiveReader(tmp_path / "archive").table("decisions").num_rows == made.rows["decisions"]


def test_it_holds_the_period_alone_and_only_the_kinds_asked_for(home: Home, secrets: Path, tmp_path: Path) -> None:
    scope = Scope(("decisions",), MAY_MORNING_S + 3600, MAY_MORNING_S + 7200)
    part = exporter(home, secrets).export(scope, BUNDLE_ID, tmp_path / "part.zip")
    assert part.rows == {"decisions": 12}
    assert replayed(part.path) == (12, [])
    with opened(part.path) as bundle:
        assert all(scope.from_s <= row.at_s < scope.to_s for row in bundle.records())
    assert "archive/states" not in texts_of(part.path)


def test_days_that_are_not_archived_are_told(home: Home, secrets: Path, tmp_path: Path) -> None:
    scope = Scope(("decisions",), MAY_MORNING_S - 86_400, MAY_MORNING_S + 2 * 86_400)
    told = exporter(home, secrets).export(scope, BUNDLE_ID, tmp_path / "x.zip")
    assert told.missing_days == {"decisions": ["2025-05-13", "2025-05-16"]}


def test_two_bundles_of_one_home_are_the_same_but_for_their_parquet(
    home: Home, secrets: Path, tmp_path: Path
) -> None:
    texts = []
    for name in ("a.zip", "b.zip"):
        exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / name)
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1]


def test_configurations_that_change_the_names_of_levels_replay_too(secrets: Path, tmp_path: Path) -> None:
    home = lived(tmp_path / "archive", private(), 60)
    home.paper.configurations[home.config.config_hash] = home.config.canonical_json
    told = private().site.model_dump(mode="json", by_alias=True)
    told["loads"][0]["levels"][0]["name"] = "neu_leise"
    site = type(private().site).model_validate(told)
    second = lived(tmp_path / "none", replace(private(), site=site), 60, MAY_MORNING_S + 86_400)
    home.paper.rows += [replace(row, seq=row.seq + 10_000) for row in second.paper.rows]
    home.paper.forecasts |= second.paper.forecasts
    home.paper.configurations[second.config.config_hash] = second.config.canonical_json
    home.write()
    done = exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    checked, found = replayed(done.path)
    assert checked == done.rows["decisions"]
    assert all("a record may be missing" in difference for difference in found), "the gap of a day alone"
    assert "neu_leise" not in texts_of(done.path)


def test_what_did_not_replay_before_does_not_replay_after(secrets: Path, tmp_path: Path) -> None:
    home = lived(tmp_path / "archive", private(), 40)
    record = json.loads(home.paper.rows[7].record)
    record["decision"]["surplus_w"] = 12_345
    home.paper.rows[7] = replace(home.paper.rows[7], record=canonical_json(record))
    done = exporter(home.write(), secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    _checked, found = replayed(done.path)
    assert len(found) == 1, "renaming mends nothing"


NAMES = st.lists(
    st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True).filter(lambda name: name != "off"),
    min_size=9, max_size=9, unique=True,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES, blocks=st.integers(3, 40), begins=st.integers(0, 300), latitude=st.floats(-60, 60))
def test_any_small_ledger_goes_through_whole(  # noqa: PLR0913, PLR0917  one house has this many sides
    names: list[str],
    blocks: int,
    begins: int,
    latitude: float,
    secrets: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = tmp_path_factory.mktemp("any")
    start_s = MAY_MORNING_S + begins * 600
    config = _called(names, latitude)
    home = lived(directory / "archive", config, blocks, start_s)
    home.events = [EventRow(start_s, "audit", canonical_json({"what": "autonomy", "actor": names[0] * 3}))]
    home.write()
    scope = Scope(KINDS, start_s, start_s + blocks * 600)
    made = exporter(home, secrets).export(scope, BUNDLE_ID, directory / "x.zip")
    assert replayed(made.path) == (2 * (blocks - 1), [])


def _called(names: list[str], latitude: float) -> Any:  # noqa: ANN401  a configuration
    """The private house under any names, those that look like pseudonyms or words of the product included."""
    told = private().site.model_dump(mode="json", by_alias=True)
    told["location"]["latitude"] = latitude
    parts = [*told["loads"], *told["devices"]]
    for part, name in zip(parts, names, strict=False):
        part["id"] = name
    (low, high), other = told["loads"][0]["levels"], told["loads"][1]["levels"][0]
    low["name"], high["name"], other["name"] = names[-3:]
    return replace(private(), site=type(private().site).model_validate(told))


# -- tampering ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle of few bytes."""
    directory = tmp_path_factory.mktemp("small")
    home = lived(directory / "archive", shipped(), 3).write()
    scope = Scope(("decisions",), MAY_MORNING_S, MAY_MORNING_S + 1800)
    return exporter(home, secrets).export(scope, BUNDLE_ID, directory / "x.zip").path.read_bytes()


def believe(content: bytes) -> None:
    Bundle(Reader(io.BytesIO(content))).verify()


def test_no_byte_can_be_changed_unnoticed(small: bytes) -> None:
    believe(small)
    missed = []
    step = max(1, len(small) // 1500)
    places = {*range(0, len(small), step), *range(200), *range(len(small) - 1500, len(small))}
    for place in sorted(places):
        changed = bytearray(small)
        changed[place] ^= 1 << (place % 8)
        try:
            believe(bytes(changed))
        except BadBundle:
            continue
        missed.append(place)
    assert missed == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_bit_of_the_whole_bundle_can_be_changed_unnoticed(made: Made, place: int, bit: int) -> None:
    changed = bytearray(made.path.read_bytes())
    changed[place % len(changed)] ^= 1 << bit
    with pytest.raises(BadBundle):
        believe(bytes(changed))


def remade(path: Path, out: Path, key_place: Path | None = None, **changes: bytes | None) -> Path:
    """A bundle made anew by somebody without a key, or with one of their own; ``None`` leaves a file out."""
    with path.open("rb") as file, out.open("wb") as target:
        reader, writer = Reader(file), Writer(target, 10**9)
        content = {name: reader.read(name) for name in reader.members}
        for name, new in changes.items():
            content[name] = b"" if new is None else new
            if new is None:
                del content[name]
        order = sorted(content, key=lambda name: ({SUMS: 1, SIGNATURE: 2}.get(name, 0), name))
        if key_place is not None:
            sums = {n: hashlib.sha256(content[n]).hexdigest() for n in order if n not in {SUMS, SIGNATURE}}
            content[SUMS] = sums_text(sums)
            content[SIGNATURE] = own_key(key_place).sign(content[SUMS])
        for name in order:
            writer.add(name, content[name])
        writer.finish()
    return out


def test_a_signature_of_another_key_is_refused(made: Made, tmp_path: Path) -> None:
    other = remade(made.path, tmp_path / "x.zip", tmp_path / "thief")
    with pytest.raises(BadBundle, match="the signature is not of the key"), opened(other) as bundle:
        bundle.verify()


def _about(made: Made, **changes: Any) -> bytes:
    with opened(made.path) as bundle:
        told = json.loads(bundle._reader.read("bundle.json"))
    return json.dumps({**told, **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"secret_plans.txt": b"x"}, "belongs in no bundle"),
        ({"archive/decisions/2025-05-16.parquet": b"x"}, "does not name the files that are there"),
        ({"archive/decisions/2025-05-14.parquet": None}, "does not name the files that are there"),
        ({"archive/manifest.jsonl": b"{"}, "cannot be read"),
        ({"configurations/" + "0" * 64 + ".json": b"{}"}, "does not have the hash"),
        ({"bundle.json": b"{}"}, r"bundle\.json cannot be read"),
        ({SUMS: b""}, "does not fit"),
        ({SIGNATURE: b"x" * 64}, "the signature is not of the key"),
        ({SIGNATURE: None}, r"lacks SHA256SUMS\.sig"),
    ],
)
def test_what_is_put_in_or_left_out_is_named(
    made: Made, secrets: Path, tmp_path: Path, changes: dict[str, bytes | None], says: str
) -> None:
    signs = None if SUMS in changes or SIGNATURE in changes else secrets
    other = remade(made.path, tmp_path / "x.zip", signs, **changes)
    with pytest.raises(BadBundle, match=says), opened(other) as bundle:
        bundle.verify()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": dict.fromkeys(KINDS, 1)}, "counts other rows"),
        ({"schema": 2}, "Take a newer one"),
        ({"configurations": ["0" * 64]}, "lacks the configuration"),
        ({"key": {"id": "x", "ed25519": "AAAA"}}, "the public key is none"),
    ],
)
def test_what_a_bundle_says_of_itself_must_be_true(
    made: Made, secrets: Path, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    other = remade(made.path, tmp_path / "x.zip", secrets, **{"bundle.json": _about(made, **changes)})
    with pytest.raises(BadBundle, match=says), opened(other) as bundle:
        bundle.verify()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="cannot be read"), opened(tmp_path / "x.zip"):
        pass


# -- whole or not at all --------------------------------------------------------------------------------------


def test_nothing_but_the_bundle_is_left(made: Made) -> None:
    assert [path.name for path in made.path.parent.iterdir()] == ["home.zip"]


def test_what_is_there_is_never_written_over(home: Home, secrets: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("mine")
    with pytest.raises(ResearchError, match="is there already"):
        exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    assert (tmp_path / "x.zip").read_text() == "mine"


class SlowClock(HeldClock):
    """Every look at it takes ten minutes."""

    def boot(self) -> float:
        self.boot_s += 600
        return self.boot_s


@pytest.mark.parametrize(
    ("limits", "clock", "says"),
    [
        (Limits(max_bytes=20_000), None, "larger than 0 MB"),
        (Limits(max_s=1000), SlowClock(wall_s=CLOCK_S), "took longer than 17 minutes"),
    ],
)
def test_a_limit_that_is_reached_leaves_nothing(  # noqa: PLR0913, PLR0917  one case has this many sides
    home: Home, secrets: Path, tmp_path: Path, limits: Limits, clock: HeldClock | None, says: str
) -> None:
    with pytest.raises(LimitReached, match=says):
        exporter(home, secrets, limits, clock).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_half_way_leaves_nothing(
    home: Home, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: object, _handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bitgrid.research.container.os.fsync", lambda handle: full(None, handle))
    with pytest.raises(ResearchError, match="No space left on device"):
        exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


def test_what_a_power_cut_left_gives_way_to_the_next_attempt(home: Home, secrets: Path, tmp_path: Path) -> None:
    left = tmp_path / ".x.zip.unfinished" / "archive" / "states"
    left.mkdir(parents=True)
    (left / "2025-05-14.parquet").write_text("half")
    exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    assert replayed(tmp_path / "x.zip")[1] == []
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_two_exports_to_one_file_do_not_mix(home: Home, secrets: Path, tmp_path: Path) -> None:
    place = tmp_path / ".x.zip.unfinished"
    place.mkdir()
    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(ResearchError, match="another export"):
            exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    finally:
        os.close(handle)
    assert place.is_dir(), "it is the other's"


def test_a_period_without_an_archived_day_is_told_with_what_there_is(
    home: Home, secrets: Path, tmp_path: Path
) -> None:
    scope = Scope(("decisions",), 0, 86_400)
    with pytest.raises(NothingToExport, match="it holds 2025-05-14 to 2025-05-15"):
        exporter(home, secrets).export(scope, BUNDLE_ID, tmp_path / "x.zip")


def test_a_lost_configuration_hands_nothing_out(secrets: Path, tmp_path: Path) -> None:
    home = lived(tmp_path / "archive", private(), 4).write()
    home.paper.configurations.clear()
    with pytest.raises(NotPseudonymous, match="is not in the archive"):
        exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip")
    assert not list(tmp_path.glob("*x.zip*"))


def test_progress_is_told_to_the_end(home: Home, secrets: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    exporter(home, secrets).export(WHOLE, BUNDLE_ID, tmp_path / "x.zip", lambda done, of: told.append((done, of)))
    assert told[0] == (0, 12)
    assert told[-1] == (12, 12)
    assert told == sorted(told)
