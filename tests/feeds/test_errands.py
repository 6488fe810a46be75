"""Errands: done beside the loop, their results taken in by it."""

from __future__ import annotations

import logging

import pytest

from bitgrid.feeds.errands import Errands
from bitgrid.feeds.web import FetchError
from feeds.now import AtOnce, WhenTold


def test_a_result_comes_back_in_a_step() -> None:
    got: list[int] = []
    executor = WhenTold()
    errands = Errands(executor)
    errands.send("prices", lambda: 7, got.append, pytest.fail)
    errands.step()
    assert errands.is_out("prices")
    executor.do()
    assert got == [], "not before the loop's own step"
    errands.step()
    assert got == [7]
    assert not errands.is_out("prices")


def test_one_of_a_name_is_out_at_a_time() -> None:
    executor = WhenTold()
    errands = Errands(executor)
    for _ in range(3):
        errands.send("prices", lambda: 7, lambda _: None, pytest.fail)
    errands.send("sun", lambda: 8, lambda _: None, pytest.fail)
    assert len(executor.waiting) == 2


def test_why_it_failed_comes_back_in_words(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    def fail() -> int:
        raise FetchError("market.example did not answer within 10 s")

    errands = Errands(AtOnce())
    with caplog.at_level(logging.ERROR):
        errands.send("prices", fail, pytest.fail, told.append)
        errands.step()
    assert told == ["market.example did not answer within 10 s"]
    assert caplog.text == "", "a server that does not answer is no error of ours"


def test_an_error_of_our_own_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    errands = Errands(AtOnce())
    with caplog.at_level(logging.ERROR):
        errands.send("prices", lambda: 1 // 0, pytest.fail, told.append)
        errands.step()
    assert "ZeroDivisionError" in caplog.text
    assert told
