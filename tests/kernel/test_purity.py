"""The same inputs give the same bytes: in another order, in another process, under another Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import bitgrid
from kernel import cases

APP, TESTS = Path(bitgrid.__file__).parents[1], Path(__file__).parents[1]
SEED, COUNT = 20_260_101, 300


@pytest.fixture(scope="module")
def here() -> str:
    return cases.digest(SEED, COUNT, "as told")


def elsewhere(
    python: str, hash_seed: str, order: str = "as told", program: Sequence[str] = ("-m", "kernel.cases")
) -> str:
    """The hash by a process of its own, which sees the app and nothing that is installed."""
    done = subprocess.run(
        [python, "-S", "-B", *program, str(SEED), str(COUNT), order],
        env={
            "PYTHONPATH": f"{APP}{os.pathsep}{TESTS}",
            "PYTHONHASHSEED": hash_seed,
            "LC_ALL": "C",
            "TZ": "Asia/Kathmandu",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def python_of(minor: int) -> str | None:
    """A Python 3.``minor`` of this machine that runs, on the PATH or kept by pyenv."""
    places = [shutil.which(f"python3.{minor}"), *Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")]
    return next((str(place) for place in places if place and is_version(str(place), minor)), None)


def is_version(python: str, minor: int) -> bool:
    asked = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info.minor)"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == str(minor)


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_whatever_the_order_in_which_signals_are_told(here: str, order: str) -> None:
    assert cases.digest(SEED, COUNT, order) == here


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_in_another_process_with_another_hash_seed_place_and_language(here: str, hash_seed: str) -> None:
    assert elsewhere(sys.executable, hash_seed, "shuffled") == here


@pytest.mark.parametrize("minor", [minor for minor in range(11, 15) if minor != sys.version_info.minor])
def test_under_another_python(here: str, minor: int) -> None:
    python = python_of(minor)
    if python is None:
        pytest.skip(f"not compared: no Python 3.{minor} on the PATH or in ~/.pyenv/versions")
    assert elsewhere(python, "7") == here


def test_other_inputs_give_other_bytes(here: str) -> None:
    """Else all of the above would hold of a hash of nothing."""
    assert cases.digest(SEED + 1, COUNT, "as told") != here


BY_A_SET = """
import sys
from bitgrid.kernel.rules import r1_surplus
from kernel import cases
vote = r1_surplus.vote
def by_a_set(state, *given):
    cast = vote(state, *given)
    return cast._replace(inputs={**cast.inputs, "first": len(next(iter(set(state.signals)), ""))})
r1_surplus.vote = by_a_set
sys.stdout.write(cases.digest(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
"""


def test_a_rule_that_went_by_the_order_of_a_set_would_show() -> None:
    program = ("-c", BY_A_SET)
    assert elsewhere(sys.executable, "1", program=program) != elsewhere(sys.executable, "2", program=program)
