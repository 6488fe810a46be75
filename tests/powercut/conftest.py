from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from powercut.recording import compiler


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What the product logs of a damaged state is the point, a thousand times."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True, scope="session")
def a_compiler() -> None:
    if compiler() is None:
        pytest.skip("no C compiler on this machine: `make powercut` installs one")
