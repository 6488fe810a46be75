"""What the sources' answers have in common: a schema each, and one error for all that does not fit it."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bitgrid.feeds.web import FetchError, parse_json


class Answer(BaseModel):
    """Base of the schemas of answers: what is not needed may be there, what is needed is not bent into shape."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, strict=True)


A = TypeVar("A", bound=Answer)


def read_answer(schema: type[A], body: bytes, source: str) -> A:
    """An answer of JSON that fits its schema.

    Raises:
        FetchError: it is no JSON or does not fit; told is where, not what stood there.
    """
    try:
        return schema.model_validate(parse_json(body, source))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:80]
        raise FetchError(
            f"{source} sent something else than prices: {where or 'all of it'}: {first['type']}"
        ) from None


def check_unit(unit: str, source: str) -> None:
    """Refuse prices that are not told in euros per megawatt hour.

    Raises:
        FetchError: they are not.
    """
    if unit.replace(" ", "").lower() != "eur/mwh":
        raise FetchError(f"{source} tells prices in {unit[:20]!r}, not in EUR/MWh; none of it is used")
