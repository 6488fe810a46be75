"""Whatever is on the bus or the guard's socket: a message with finite numbers, or none, and never an exception."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.bus import DecisionEvent, Health, LoadCommand, Message, decode
from bitgrid.guard.link import (
    ClearTrip,
    GuardReport,
    Release,
    Renew,
    Request,
    Restart,
    decode_report,
    decode_request,
)
from near import EXAMPLES, ODD, is_finite, of_schema


def kinds(base: type[Message] = Message) -> Iterator[type[Message]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


EVERY = sorted(kinds(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.__name__)
@EXAMPLES
@given(data=st.data())
def test_what_is_nearly_a_message_is_none_or_holds_finite_numbers(
    model: type[Message], data: st.DataObject
) -> None:
    decoded = decode(model, data.draw(of_schema(model.model_json_schema())))
    assert decoded is None or is_finite(decoded.model_dump())


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.__name__)
@EXAMPLES
@given(data=st.data())
def test_what_is_one_is_understood(model: type[Message], data: st.DataObject) -> None:
    """What the test above spoils is honest to begin with."""
    assert decode(model, data.draw(of_schema(model.model_json_schema(), spoil=False))) is not None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400])
def test_no_number_without_bounds_hides_where_a_message_has_no_form(number: str) -> None:
    event = f'{{"id":"1","load":"miner","record":{{"r3":[{{"temp_c":{number}}}]}}}}'
    health = f'{{"status":"ok","reason":"","instance":"x","details":{{"power_w":{number}}}}}'
    assert decode(DecisionEvent, event.encode()) is None
    assert decode(Health, health.encode()) is None
    assert decode(Health, health.replace(number, "17.5").encode()) is not None


def test_no_whole_number_is_longer_than_a_float() -> None:
    command = (
        '{"command_id":"1","load":"miner","level":"eco","power_w":%s,"lease_id":"1","expires_boot_s":1,'
        '"decision_id":"1","reason":""}'
    )
    renewal = '{"kind":"renew","load":"miner","level":"eco","power_w":%s,"lease_id":"1","expires_boot_s":1}'
    assert decode(LoadCommand, (command % "1674").encode())
    assert decode_request((renewal % "1674").encode())
    assert decode(LoadCommand, (command % ("1" + "0" * 400)).encode()) is None
    assert decode_request((renewal % ("1" + "0" * 400)).encode()) is None


@pytest.mark.parametrize("model", [Renew, Release, ClearTrip, Restart])
@EXAMPLES
@given(data=st.data())
def test_what_is_nearly_a_request_to_the_guard_holds_finite_numbers(
    model: type[Request], data: st.DataObject
) -> None:
    request = decode_request(data.draw(of_schema(model.model_json_schema())))
    assert request is None or is_finite(request.model_dump())


@EXAMPLES
@given(of_schema(GuardReport.model_json_schema()))
def test_what_is_nearly_the_guards_report_holds_finite_numbers(datagram: bytes) -> None:
    report = decode_report(datagram)
    assert report is None or is_finite(report.model_dump())


def test_what_is_odd_would_be_seen() -> None:
    assert not any(is_finite({"deep": [odd]}) for odd in ODD[:3])
    assert not is_finite(10**400)
