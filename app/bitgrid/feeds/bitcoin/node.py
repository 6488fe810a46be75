"""The owner's own bitcoind: one question, ``getblockchaininfo``, over JSON-RPC.

Source: Bitcoin Core's RPC documentation (getblockchaininfo) and doc/JSON-RPC-interface.md; errors come as status
500 with a JSON body, or as 200 with an ``error`` in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bitgrid.config import ConfigError
from bitgrid.config.bitcoin import BitcoinNode
from bitgrid.config.secrets import Credentials, credentials
from bitgrid.feeds.bitcoin.known import DIFFICULTIES, HEIGHTS, Chain, number, whole
from bitgrid.feeds.web import Fetch, FetchError, parse_json

SOURCE = "own node"
MAX_COOKIE_BYTES = 500
OLD_TIP_S = 6 * 3600
"""An hour without a block happens; a newest block older than this tells of that time, and not of now."""
_ADVICE = {
    401: "does not know the user or the password; compare the secret with rpcauth in bitcoin.conf",
    403: "does not take this question from here; see rpcallowip and rpcwhitelist in bitcoin.conf",
    500: "cannot answer yet; it tells so while it starts",
}
_STATUS = re.compile(r"status (\d{3})$")
_QUESTION = {"jsonrpc": "1.0", "id": "bitgrid", "method": "getblockchaininfo", "params": []}
Secret = Callable[[str], Credentials]


def ask_node(node: BitcoinNode, fetch: Fetch, now_s: float, secret: Secret = credentials) -> Chain:
    """What the node knows of the chain.

    Args:
        node: as site.yaml names it.
        fetch: the way to it.
        now_s: UTC epoch seconds.
        secret: where passwords come from.

    Raises:
        FetchError: it did not answer, it is no mainnet node, it is still catching up, or what it told cannot be.
    """
    who = _who(node, secret)
    host = f"[{node.host}]" if ":" in node.host else node.host
    try:
        body = fetch(f"http://{host}:{node.port}/", post=_QUESTION, basic=(who.user, who.password))
    except FetchError as error:
        raise FetchError(f"the node: {_in_words(str(error))}") from None
    return chain_of(parse_json(body, "the node"), now_s)


def chain_of(answer: Any, now_s: float) -> Chain:  # noqa: ANN401  any JSON value
    """The chain that an answer tells of.

    Raises:
        FetchError: as `ask_node`.
    """
    told = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(told, dict):
        raise FetchError(f"the node did not tell of its chain{_error_of(answer)}")
    if told.get("chain") != "main":
        raise FetchError("the node is not on Bitcoin's main chain; its difficulty is worth nothing")
    if told.get("initialblockdownload") is not False:
        raise FetchError("the node is still catching up with the chain")
    difficulty = number(told.get("difficulty"), "difficulty", DIFFICULTIES, "the node")
    height = whole(told.get("blocks"), "block height", HEIGHTS, "the node")
    tip_s = number(told.get("time", told.get("mediantime")), "time of its newest block", (0, 1e11), "the node")
    return Chain(difficulty, height, tip_s if now_s - tip_s > OLD_TIP_S else now_s, SOURCE)


def _who(node: BitcoinNode, secret: Secret) -> Credentials:
    try:
        return secret(node.secret) if node.secret is not None else _cookie(Path(node.cookie or ""))
    except ConfigError as error:
        raise FetchError(str(error)) from None


def _cookie(path: Path) -> Credentials:
    """The node's cookie, written anew at each of its starts."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_COOKIE_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise FetchError(f"the node's cookie {path} cannot be read: {reason}; does the node run?") from None
    user, colon, password = text.partition(":")
    if not user or not colon:
        raise FetchError(f"the node's cookie {path} is none; does the node run?")
    return Credentials(user, password)


def _in_words(told: str) -> str:
    status = _STATUS.search(told)
    advice = _ADVICE.get(int(status.group(1))) if status else None
    return f"it {advice} (status {status.group(1)})" if status and advice else told


def _error_of(answer: Any) -> str:  # noqa: ANN401  any JSON value
    """The number of an error within an answer; its text is another's, and not passed on."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, int):
        return ""
    return "; it is still starting" if code == _WARMING_UP else f" (error {code})"


_WARMING_UP = -28
