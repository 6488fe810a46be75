"""Seeds become stories: always the same, of all kinds, none that nothing could end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chaos.kinds import LOST_BY, NEED_A_STOP, ONLY_THE_RELAY_HELPS, Kind
from chaos.story import MOST_STRIKES, story

STORIES = [story(seed) for seed in range(600)]


def test_the_same_seed_gives_the_same_story() -> None:
    assert [story(seed) for seed in range(50)] == STORIES[:50]
    assert len({str(one) for one in STORIES}) > 550


def test_every_kind_comes_and_comes_alone() -> None:
    told = [one.kinds - {Kind.PERSON_STOPS} or one.kinds for one in STORIES]
    assert {kind for kinds in told if len(kinds) == 1 for kind in kinds} == set(Kind)


def test_they_are_in_order_and_not_too_many() -> None:
    for one in STORIES:
        assert all(before.at_s <= after.at_s for before, after in pairwise(one.strikes))
        assert 1 <= len(one.kinds - {Kind.PERSON_STOPS} or one.kinds) <= MOST_STRIKES


def test_one_that_shows_only_after_a_stop_has_one() -> None:
    for one in STORIES:
        assert not one.kinds & NEED_A_STOP or Kind.PERSON_STOPS in one.kinds


def test_none_is_beyond_every_layer() -> None:
    stuck = [one for one in STORIES if Kind.RELAY_STUCK in one.kinds]
    assert stuck
    assert not [one for one in stuck if one.kinds & ONLY_THE_RELAY_HELPS]


@pytest.mark.parametrize("kind", LOST_BY, ids=str)
def test_only_what_is_possible_is_played(kind: Kind) -> None:
    possible = [one for one in Kind if one is not kind]
    assert not [seed for seed in range(100) if kind in story(seed, possible).kinds]
