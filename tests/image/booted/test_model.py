"""The library for a language model, where the image has it: it computes on this processor, for one user alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from image.booted import tiny_model
from image.booted.computer import Computer

PYTHON = "/opt/bitgrid/current/bin/python"
LIBRARY = "/opt/bitgrid/model"
FOR_ALL = "/run/tried"


@pytest.fixture(scope="module")
def equipped(computer: Computer) -> Computer:
    """The computer, if its image was made with the library; nothing is shown here of one that was not."""
    if computer.ssh(f"test -e {LIBRARY} && echo there || echo none") == "none\n":
        pytest.skip(f"this image has no {LIBRARY}: it was made without MODEL=1")
    return computer


def test_a_model_is_loaded_and_says_something(equipped: Computer) -> None:
    tiny_model.write(equipped.work / "tiny.gguf")
    for file in (equipped.work / "tiny.gguf", Path(__file__).with_name("say_a_token.py")):
        equipped.send(file, f"/home/admin/{file.name}")
        equipped.ssh(f"sudo install -D -m 0644 /home/admin/{file.name} {FOR_ALL}/{file.name}")
    words = f"{PYTHON} {FOR_ALL}/say_a_token.py {FOR_ALL}/tiny.gguf"
    told = equipped.ssh(f"sudo chmod 0755 {FOR_ALL} && sudo -u bitgrid-web {words}", within_s=1800)
    found = json.loads(told)
    assert found["tokens"] == 1
    assert found["from"].startswith(f"{LIBRARY}/")
    assert "CPU" in found["processor"]


def test_it_is_nobody_s_until_he_asks_for_it_and_only_one_may(equipped: Computer) -> None:
    said = equipped.ssh(f"{PYTHON} -c 'import llama_cpp' 2>&1", may_fail=True)
    assert "ModuleNotFoundError" in said
    for user in ("bitgrid-core", "bitgrid-io", "bitgrid-feeds", "admin"):
        assert equipped.ssh(f"sudo -u {user} ls {LIBRARY} 2>&1 || echo refused", may_fail=True).endswith(
            "refused\n"
        )
    assert equipped.ssh(f"cd / && sudo -u bitgrid-web find {LIBRARY} -writable -print -quit") == ""
