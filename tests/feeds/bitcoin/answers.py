"""Answers of a bitcoind and of a mempool.space-compatible server, in the shape of recorded ones."""

from __future__ import annotations

import json
from typing import Any

NOW_S = 1_769_215_800.0
HEIGHT, DIFFICULTY = 933_586, 141_668_107_417_558.2


def info(**changes: Any) -> dict[str, Any]:
    """``getblockchaininfo`` of a node on the main chain; ``without`` names what is left out."""
    result = {
        "chain": "main",
        "blocks": HEIGHT,
        "headers": HEIGHT,
        "bestblockhash": "00000000000000000000b286a4d4ac73f6ad82e54d9ccf6d2d71c492ceeb4930",
        "bits": "1701fca1",
        "difficulty": DIFFICULTY,
        "time": 1_769_215_475,
        "mediantime": 1_769_212_489,
        "verificationprogress": 0.9999987925138323,
        "initialblockdownload": False,
        "chainwork": "0000000000000000000000000000000000000001099579552ee2c6500b5ec71f",
        "size_on_disk": 814_911_000_113,
        "pruned": False,
        "warnings": "",
    } | changes
    return {"result": {k: v for k, v in result.items() if v is not ...}, "error": None, "id": "bitgrid"}


def body(told: object) -> bytes:
    return json.dumps(told).encode()


def rpc_error(code: int, text: str) -> bytes:
    return body({"result": None, "error": {"code": code, "message": text}, "id": "bitgrid"})


def blocks(
    height: int = HEIGHT, difficulty: object = DIFFICULTY, at_s: float = NOW_S - 300, count: int = 3
) -> list[dict[str, Any]]:
    """``/api/v1/blocks``: the newest first."""
    return [
        {
            "id": f"{number:064x}",
            "height": height - number,
            "version": 536_870_912,
            "timestamp": int(at_s) - 600 * number,
            "bits": 386_008_225,
            "nonce": 1,
            "difficulty": difficulty,
            "tx_count": 3000,
            "mediantime": int(at_s) - 600 * number - 2000,
            "extras": {"totalFees": 2_500_000, "reward": 315_000_000},
        }
        for number in range(count)
    ]


def prices(eur: object = 76_000, at_s: float = NOW_S - 120) -> dict[str, Any]:
    """``/api/v1/prices``."""
    return {"time": int(at_s), "USD": 89_000, "EUR": eur, "GBP": 66_000}
