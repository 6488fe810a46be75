"""Calling openssl(1): the system's own, which every Debian has, instead of a library in the environment."""

from __future__ import annotations

import subprocess

from bitgrid.ops.errors import Refusal

_TIMEOUT_S = 30


def openssl(*arguments: str, told: str = "") -> str:
    """What openssl printed.

    Args:
        arguments: its command line, which everybody on this machine can read.
        told: handed to it by its standard input, which nobody can.

    Raises:
        Refusal: it is missing, or failed.
    """
    try:
        done = subprocess.run(  # noqa: S603  own words, no shell
            ["openssl", *arguments],  # noqa: S607  the system's own
            input=told,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except FileNotFoundError:
        raise Refusal("openssl is not installed, so no key was made. Run: sudo apt-get install openssl") from None
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", "") or str(error)).strip()
        raise Refusal(f"openssl {arguments[0]} failed, so nothing was made by it: {said}") from None
    return done.stdout
