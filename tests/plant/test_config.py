from pathlib import Path

import pytest

from bitgrid.config import ConfigError, PlantConfig
from bitgrid.config.loading import load_plant
from plant.house import CONFIG


def test_the_file_in_the_repository_says_what_the_defaults_are() -> None:
    assert load_plant(CONFIG) == PlantConfig.model_validate({"schema": 1})


def test_a_misspelt_key_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "plant.yaml").write_text("schema: 1\nminer:\n  start_by_itself: true\n")
    with pytest.raises(
        ConfigError, match=r"plant.yaml:3:3 miner.start_by_itself: .*did you mean starts_by_itself"
    ):
        load_plant(tmp_path)
