"""An operation of the API: what is given, what is answered, and by whom. Flask's view and OpenAPI come from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, RootModel, ValidationError

from bitgrid.web.api.given import Body, Nothing
from bitgrid.web.api.models import Answer
from bitgrid.web.problems import Refusal

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from bitgrid.web.app import Web

G = TypeVar("G", bound=BaseModel)
Links = tuple[tuple[str, dict[str, str]], ...]
_IN_PATH = re.compile(r"{([a-z_]+)}")


@dataclass(frozen=True)
class Operation(Generic[G]):
    """One address and method.

    Args:
        name: its name, as Flask's endpoint ``api.<name>`` and as OpenAPI's operationId.
        method: of HTTP.
        path: under ``/api/v1``; a name in braces is a field of ``given``.
        given: what it takes; the body of a POST, the parameters of a GET.
        answer: what it answers.
        handle: does it; what it returns as text is JSON that fits ``answer``. Its docstring is the description.
        refusals: what it may refuse with, beside what any address may.
        status: of the answer.
        links: operations that go on from the answer: name, and where a parameter's value stands in it.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    answer: type[Answer]
    handle: Callable[[Web, G], Answer | str]
    given: type[G] = Nothing  # type: ignore[assignment]  # of an operation that takes nothing
    refusals: tuple[int, ...] = ()
    status: int = 200
    links: Links = ()

    @property
    def takes_body(self) -> bool:
        """Whether what is given stands in the body."""
        return issubclass(self.given, Body | RootModel)

    @property
    def in_path(self) -> tuple[str, ...]:
        """The parameters in the path."""
        return tuple(_IN_PATH.findall(self.path))

    def add_to(self, blueprint: Blueprint, web: Web) -> None:
        """Serve it."""

        def view(**in_path: str) -> Response:
            told = self.handle(web, self._given(in_path))
            text = told if isinstance(told, str) else told.model_dump_json(by_alias=True)
            return Response(text, self.status, content_type="application/json")

        rule = _IN_PATH.sub(r"<\1>", self.path)
        blueprint.add_url_rule(rule, self.name, view, methods=[self.method])

    def _given(self, in_path: dict[str, str]) -> G:
        """What was given, checked.

        Raises:
            Refusal: 415 or 422, saying what would be right.
        """
        try:
            if self.takes_body:
                return self.given.model_validate_json(_json_body())
            return self.given.model_validate({**_parameters(), **in_path})
        except ValidationError as error:
            errors = [{"key": _key(one, self.given), "message": one["msg"]} for one in error.errors()]
            said = "; ".join(f"{one['key']}: {one['message']}" if one["key"] else one["message"] for one in errors)
            what = "body" if self.takes_body else "query"
            raise Refusal(
                422,
                f"invalid_{what}",
                f"What was sent does not fit, so nothing was done ({said}).",
                errors=errors,
            ) from None


def _json_body() -> bytes:
    if request.args:
        raise Refusal(422, "invalid_query", "This takes a body and no parameters, so nothing was done.")
    if request.mimetype != "application/json":
        raise Refusal(415, "not_json", "Send the body as JSON, with the header Content-Type: application/json.")
    return request.get_data()


def _parameters() -> dict[str, str]:
    """The query, each parameter once.

    Raises:
        Refusal: 422, for one that is there twice.
    """
    several = [name for name, values in request.args.lists() if len(values) > 1]
    if several:
        raise Refusal(422, "invalid_query", f"{several[0]} is there more than once; say it once.")
    return request.args.to_dict()


def _key(one: ErrorDetails, given: type[BaseModel]) -> str:
    """Where it is wrong, as whoever sent it knows it: an alternative's own name is none of its keys."""
    told = [str(part) for part in one["loc"]]
    if one["type"].startswith("union_tag"):
        return str(one.get("ctx", {}).get("discriminator", "")).strip("'")
    return ".".join(told[1:] if issubclass(given, RootModel) else told)
