from __future__ import annotations

from bitgrid.devices.tries import Tries


def test_failures_are_tried_again_soon_then_ever_later_up_to_ten_seconds() -> None:
    tries, now, waits = Tries(again_s=5), 0.0, []
    for _ in range(7):
        assert tries.is_due(now)
        tries.tried(now, now, failed=True)
        wait = 0.0
        while not tries.is_due(now + wait):
            wait += 0.5
        waits.append(wait)
        now += wait
    assert waits == [1, 2, 4, 8, 10, 10, 10]


def test_a_success_rests_and_forgets_the_failures() -> None:
    tries = Tries(again_s=5)
    tries.tried(0, 0, failed=True)
    tries.tried(1, 2, failed=False)
    assert not tries.is_due(6.9)
    assert tries.is_due(7)
    tries.tried(7, 7, failed=True)
    assert tries.is_due(8)


def test_it_remembers_when_it_was_first_tried_and_last_succeeded_as_of_the_beginning_of_the_try() -> None:
    tries = Tries(again_s=5)
    tries.tried(1, 4, failed=True)
    tries.tried(5, 8, failed=False)
    assert (tries.tried_boot_s, tries.succeeded_boot_s) == (1, 5)
    tries.restart()
    assert (tries.tried_boot_s, tries.succeeded_boot_s) == (None, None)
    assert tries.is_due(0)
