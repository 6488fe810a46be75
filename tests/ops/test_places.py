"""Which configuration a command means when none is named."""

from __future__ import annotations

from pathlib import Path, PosixPath

import pytest

from bitgrid.ops import places


class Shut(PosixPath):
    """A home that only its owner may look into."""

    def is_dir(self, *_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied", str(self))


@pytest.mark.parametrize("here", [Shut("/home/admin"), Path("/nowhere")])
def test_on_an_appliance_its_own_is_meant_wherever_one_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, here: Path
) -> None:
    (tmp_path / "site.yaml").touch()
    monkeypatch.delenv("BITGRID_CONFIG_DIR", raising=False)
    monkeypatch.setattr(places, "APPLIANCE_CONFIG", tmp_path)
    monkeypatch.setattr(places, "project_root", lambda: here)
    assert places.default_config() == tmp_path


def test_in_a_checkout_the_checkouts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    monkeypatch.delenv("BITGRID_CONFIG_DIR", raising=False)
    monkeypatch.setattr(places, "project_root", lambda: tmp_path)
    assert places.default_config() == tmp_path / "config"
