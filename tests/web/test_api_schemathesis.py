"""The API against its own document, on a house that runs: whatever is sent, the answer fits, and none is 5xx.

The sequences are the same in every run, and few: `make test` has other things to do. More of them, and others:
``SCHEMATHESIS=200 make test PYTEST="-k schemathesis"``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from limits import RateLimitItemPerMinute
from schemathesis.specs.openapi.schemas import OpenApiSchema

from bitgrid.web import entry
from bitgrid.web.api.operations import OPERATIONS
from web.api_house import ApiHouse

EXAMPLES = int(os.environ.get("SCHEMATHESIS") or 0)
WITH_MEANING = ["timeline", "kpi", "whatif", "export"]
"""Where a request can fit the schema and yet mean nothing: days in the wrong order, a load that is not there."""
BOUNDED = settings(
    max_examples=EXAMPLES or 12,
    stateful_step_count=10,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiHouse]:
    """A house without limits on how often it is asked: what they are is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WRITES", "REASONING", "EXPORTS"):
            patch.setattr(entry, name, (RateLimitItemPerMinute(10**6),))
        yield ApiHouse(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def api(house: ApiHouse) -> OpenApiSchema:
    """The document as an operator is given it, whose session every request bears."""
    session, cookie = house.session(), house.app.config["SESSION_COOKIE_NAME"]
    client = house.app.test_client()
    client.set_cookie(cookie, session)
    may_mean_nothing = {"positive_data_acceptance": {"expected-statuses": ["2xx", "422"]}}
    config = schemathesis.Config.from_dict(
        {"operations": [{"include-operation-id": WITH_MEANING, "checks": may_mean_nothing}]}
    )
    document = client.get("/api/v1/openapi.json").get_json()
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app, schema.location = house.app, "/api/v1/openapi.json"

    @schema.auth()
    class Session:
        def get(self, _case: schemathesis.Case, _context: schemathesis.AuthContext) -> str:
            return session

        def set(self, case: schemathesis.Case, data: str, _context: schemathesis.AuthContext) -> None:
            case.cookies = {**(case.cookies or {}), cookie: data}

    return schema


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS])
def test_every_operation_answers_as_it_says_whatever_is_sent(
    api: OpenApiSchema, name: str, mode: schemathesis.GenerationMode
) -> None:
    operation = api.find_operation_by_id(name)
    takes_anything = operation.body or operation.query or operation.path_parameters
    if mode is schemathesis.GenerationMode.NEGATIVE and not takes_anything:
        return

    @given(case=operation.as_strategy(generation_mode=mode))
    @BOUNDED
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate()

    ask()


def test_one_request_after_another_leaves_the_house_answering(house: ApiHouse, api: OpenApiSchema) -> None:
    asked: set[str] = set()
    accepted: set[str] = set()

    class Visitor(api.as_state_machine()):  # type: ignore[misc]  # made when it is asked for
        def setup(self) -> None:
            house.live(20)

        def after_call(self, response: schemathesis.Response, case: schemathesis.Case) -> None:
            address = f"{case.method} {case.operation.path}"
            asked.add(address)
            if response.status_code == 200:
                accepted.add(address)

    Visitor.run(settings=BOUNDED)
    assert {"GET /state", "POST /override", "POST /estop", "POST /autonomy", "POST /ack"} <= asked
    assert {"GET /state", "POST /estop", "POST /ack"} <= accepted
    house.live(5)
    assert house.app.extensions["bitgrid"].view.snapshot().energy is not None


def test_nothing_that_was_sent_has_let_the_load_run_against_the_rules(house: ApiHouse) -> None:
    """After all of the above, with the emergency stop engaged, the miner draws nothing."""
    client = house.app.test_client()
    client.set_cookie(house.app.config["SESSION_COOKIE_NAME"], house.session())
    assert client.post("/api/v1/estop", json={"engage": True}).status_code == 200
    house.live(30)
    assert house.house.miner_w == 0
    answer: dict[str, Any] = client.post("/api/v1/override", json={"load": "miner", "action": "start"}).get_json()
    assert answer["reason"] == "R3_EMERGENCY_STOP"
