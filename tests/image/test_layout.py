"""How a card is divided."""

from __future__ import annotations

import pytest

from bitgrid_image.layout import FIRST_MIB, Layout, Machine, layout


@pytest.fixture(params=list(Machine))
def card(request: pytest.FixtureRequest) -> Layout:
    return layout(request.param, "1.2.3")


def test_partitions_follow_each_other_and_fit_onto_a_card_of_8_gb(card: Layout) -> None:
    ends = [card.begin_mib(number) + one.size_mib for number, one in enumerate(card.partitions)]
    assert card.begin_mib(0) == FIRST_MIB
    assert [card.begin_mib(number) for number in range(1, 4)] == ends[:-1]
    assert card.size_mib * 2**20 < 7.5e9


def test_both_slots_are_of_one_size(card: Layout) -> None:
    assert [one.size_mib for one in card.partitions if one.name.startswith("root")] == [2560, 2560]


def test_data_is_last_so_that_it_can_grow(card: Layout) -> None:
    assert card.partitions[-1].name == "data"


def test_identities_follow_from_version_and_machine(card: Layout) -> None:
    again, newer = layout(card.machine, "1.2.3"), layout(card.machine, "1.2.4")
    assert again.table() == card.table()
    assert newer.disk_id != card.disk_id
    assert len({card.part_uuid(one.name) for one in card.partitions}) == 4


def test_from_one_slot_the_whole_card_is_found(card: Layout) -> None:
    ids = [card.part_uuid(one.name) for one in card.partitions]
    assert [one[-2:] for one in ids] == ["01", "02", "03", "04"]
    assert len({one[:-2] for one in ids}) == 1


def test_a_pi_finds_a_partition_by_the_tables_own_number() -> None:
    card = layout(Machine.ARM64, "1.2.3")
    assert card.part_uuid("root-b") == f"{card.disk_id[2:]}-03"
    assert "type=c, bootable" in card.table()


def test_a_gpt_names_its_partitions() -> None:
    card = layout(Machine.AMD64, "1.2.3")
    assert 'name="root-a"' in card.table()
    assert card.part_uuid("root-a") in card.table()
