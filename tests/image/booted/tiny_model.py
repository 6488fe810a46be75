"""A language model that knows nothing: random weights and a token for each byte, in half a megabyte.

Source of the form: GGUF's specification, version 3 (ggml, docs/gguf.md); of the table of bytes: GPT-2's tokenizer.
"""

from __future__ import annotations

import random
import struct
from array import array
from collections.abc import Iterator
from math import prod
from pathlib import Path

WIDTH, INNER, HEADS, KEY_HEADS, BLOCKS = 64, 128, 4, 2, 2
CONTROL = ("<begin>", "<end>", "<unknown>")
_U32, _I32, _F32, _STRING, _ARRAY = 4, 5, 6, 8, 9
_ALIGNED = 32


def write(path: Path, seed: int = 1) -> None:
    """Write such a model."""
    tokens = [*_bytes(), "ab", *CONTROL]
    facts, shapes = dict(_facts(tokens)), dict(_shapes(len(tokens)))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(facts))
    head += b"".join(_string(name) + value for name, value in facts.items())
    chance, weights = random.Random(seed), bytearray()
    for name, shape in shapes.items():
        head += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(weights))
        weights += array("f", (chance.uniform(-0.1, 0.1) for _ in range(prod(shape)))).tobytes()
        weights += bytes(-len(weights) % _ALIGNED)
    path.write_bytes(head + bytes(-len(head) % _ALIGNED) + weights)


def _facts(tokens: list[str]) -> Iterator[tuple[str, bytes]]:
    yield "general.architecture", _text("llama")
    numbers = {
        "context_length": 2048,
        "embedding_length": WIDTH,
        "block_count": BLOCKS,
        "feed_forward_length": INNER,
        "attention.head_count": HEADS,
        "attention.head_count_kv": KEY_HEADS,
        "rope.dimension_count": WIDTH // HEADS,
        "vocab_size": len(tokens),
    }
    for name, number in numbers.items():
        yield f"llama.{name}", struct.pack("<II", _U32, number)
    yield "llama.attention.layer_norm_rms_epsilon", struct.pack("<If", _F32, 1e-5)
    yield "tokenizer.ggml.model", _text("gpt2")
    yield "tokenizer.ggml.pre", _text("gpt-2")
    yield "tokenizer.ggml.tokens", _texts(tokens)
    kinds = [3 if one in CONTROL else 1 for one in tokens]
    yield "tokenizer.ggml.token_type", struct.pack(f"<IIQ{len(kinds)}i", _ARRAY, _I32, len(kinds), *kinds)
    yield "tokenizer.ggml.merges", _texts(["a b"])
    for name, token in zip(("bos", "eos", "unknown"), CONTROL, strict=True):
        yield f"tokenizer.ggml.{name}_token_id", struct.pack("<II", _U32, tokens.index(token))


def _shapes(tokens: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each weight's shape, what is beside each other in the file first."""
    yield "token_embd.weight", (WIDTH, tokens)
    yield "output_norm.weight", (WIDTH,)
    yield "output.weight", (WIDTH, tokens)
    narrow = WIDTH // HEADS * KEY_HEADS
    for block in range(BLOCKS):
        shapes = {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)} | {
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (WIDTH, narrow),
            "attn_v": (WIDTH, narrow),
            "attn_output": (WIDTH, WIDTH),
            "ffn_gate": (WIDTH, INNER),
            "ffn_up": (WIDTH, INNER),
            "ffn_down": (INNER, WIDTH),
        }
        yield from ((f"blk.{block}.{name}.weight", shape) for name, shape in shapes.items())


def _bytes() -> Iterator[str]:
    """A character for each byte: itself where one can see it, else one that nothing else uses."""
    seen = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = iter(range(256, 512))
    yield from (chr(one if one in seen else next(others)) for one in range(256))


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _text(text: str) -> bytes:
    return struct.pack("<I", _STRING) + _string(text)


def _texts(texts: list[str]) -> bytes:
    return struct.pack("<IIQ", _ARRAY, _STRING, len(texts)) + b"".join(map(_string, texts))
