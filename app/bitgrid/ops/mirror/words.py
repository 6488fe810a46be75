"""What Borg and ssh complained of, in words for the owner. Pure."""

from __future__ import annotations

import re

MOST_SHOWN = 200
_COMPLAINTS = {
    r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed": (
        "the server shows another host key than the one noted here, so nothing was sent. If it was truly set up "
        "anew, note its new key in the secrets' directory; else somebody stands in between"
    ),
    r"Permission denied \(": (
        "the server does not accept this key; is it in its authorized_keys, as bitgrid mirror init printed it?"
    ),
    r"UNPROTECTED PRIVATE KEY": "others may read the SSH key, so ssh does not use it; run: chmod 600 on it",
    r"Could not resolve hostname": "the server's name cannot be found; is the network up, and the name right?",
    r"Connection refused|Connection timed out|No route to host|Network is unreachable": (
        "the server cannot be reached; it is tried again"
    ),
    r"[Pp]assphrase supplied .* is incorrect": "the passphrase is not that of this repository",
    r"Repository .* does not exist": "there is no repository yet; run: bitgrid mirror init",
    r"is not a valid repository": "what is there is no Borg repository",
    r"Failed to create/acquire the lock": "another copy is being made, or one was cut off; it is tried again",
    r"unknown unencrypted repository|[Ee]ncryption method mismatch": (
        "the repository is not encrypted as it was, so nothing was sent; somebody changed it"
    ),
    r"previously located|[Rr]epository access aborted": (
        "the repository is another than it was under this address, so nothing was sent"
    ),
    r"No space left on device|[Ii]nsufficient free space": "the repository's disk is full",
    r"borg: (command )?not found": "the server has no borg; install borgbackup there",
    r"Connection closed by remote host|Broken pipe": (
        "the server closed the connection: it does not accept this key, has no borg, or went away. It is tried "
        "again"
    ),
}


def in_words(code: int, said: str) -> str:
    """Why a call failed.

    Args:
        code: its exit code; negative: the signal that ended it.
        said: what it printed.
    """
    for pattern, words in _COMPLAINTS.items():
        if re.search(pattern, said):
            return words
    if code < 0:
        return f"borg was ended by signal {-code}"
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
    return f"borg ended with {code}: {last[:MOST_SHOWN]}"
