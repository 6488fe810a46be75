import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from bitgrid.clock import HeldClock
from bitgrid.plant.control import PlantControl
from bitgrid.plant.errors import PlantError
from bitgrid.plant.model import House
from bitgrid.plant.server import PlantServer, refuse_foreign_addresses
from plant.house import MakeHouse, MakeSite, close_relay, site_data

WAIT_S = 0.3
Serve = Callable[..., House]


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(speed=60)


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "plant.sock"


@pytest.fixture
def on_sockets() -> dict[str, Any]:
    """The site of the repository on free ports: inverter and battery share one, as units 1 and 2."""
    data = site_data()
    modbus, meter, miner, relay = free_ports(4)
    for device, port, unit in zip(data["devices"], (modbus, modbus, meter), (1, 2, 1), strict=True):
        device |= {"port": port, "unit_id": unit}
    data["loads"][0]["miner"]["port"] = miner
    data["loads"][0]["relay"]["port"] = relay
    return {"devices": data["devices"], "loads": data["loads"]}


@pytest.fixture
def serve(make_house: MakeHouse, clock: HeldClock, at: Path, on_sockets: dict[str, Any]) -> Iterator[Serve]:
    servers: list[PlantServer] = []

    def start(driver: str = "avalon") -> House:
        load = on_sockets["loads"][0]
        load["miner"]["driver"] = driver
        load["levels"] = load["levels"][-1:] if driver == "axeos" else load["levels"]
        house = make_house(3000, 500, **on_sockets)
        servers.append(PlantServer(house, clock, at))
        servers[-1].start()
        return house

    yield start
    for server in servers:
        server.stop()


def registers(house: House, device: str, address: int, count: int) -> list[int]:
    config = next(one for one in house.site.devices if one.id == device)
    client = ModbusTcpClient(config.host, port=config.port, timeout=WAIT_S, retries=0)
    with client:
        answer = client.read_holding_registers(address, count=count, device_id=config.unit_id)
        assert not answer.isError(), answer
        return answer.registers


def http_ask(port: int, method: str, target: str) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)) as connection:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")


def miner_ask(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_modbus_devices_answer_by_port_and_unit_with_the_present_moment(serve: Serve, clock: HeldClock) -> None:
    house = serve()
    for device, model in (("inverter", 103), ("battery", 103), ("meter", 203)):
        assert registers(house, device, 40_000, 3) == [0x5375, 0x6E53, 1]
        assert registers(house, device, 40_070, 1) == [model]
    assert registers(house, "inverter", 40_084, 1) == [3000]
    assert registers(house, "meter", 40_088, 1) == [0xFFFF & -2500]
    clock.advance(1)
    assert registers(house, "battery", 40_084, 1) == [0xFFFF & -2500]
    assert registers(house, "meter", 40_088, 1) == [0]
    clock.advance(3 * 3600)
    assert registers(house, "meter", 40_088, 1) == [0xFFFF & -2500]


def test_a_write_is_refused(serve: Serve, on_sockets: dict[str, Any]) -> None:
    serve()
    with ModbusTcpClient("127.0.0.1", port=on_sockets["devices"][0]["port"], timeout=WAIT_S) as client:
        assert client.write_register(40_084, 1, device_id=1).isError()


def test_a_silent_device_lets_its_reader_wait_and_its_neighbour_on_the_line_answers(
    serve: Serve, at: Path
) -> None:
    house = serve()
    PlantControl(at).fault("battery-silent")
    with pytest.raises(ModbusIOException):
        registers(house, "battery", 40_000, 2)
    assert registers(house, "inverter", 40_000, 2) == [0x5375, 0x6E53]
    PlantControl(at).clear()
    assert registers(house, "battery", 40_000, 2) == [0x5375, 0x6E53]


def test_the_relay_switches_the_miner_which_then_answers(serve: Serve, clock: HeldClock) -> None:
    house = serve()
    load = house.site.loads[0]
    assert load.relay is not None
    with pytest.raises(TimeoutError):
        miner_ask(load.miner.port, b'{"command":"version"}')
    switched = http_ask(load.relay.port, "GET", "/rpc/Switch.Set?id=0&on=true&toggle_after=3600")
    assert switched == (200, {"was_on": False})
    clock.advance(600)
    answer = miner_ask(load.miner.port, b'{"command":"version"}')
    assert json.loads(answer[:-1])["VERSION"][0]["PROD"] == "Avalon Q"
    assert http_ask(load.relay.port, "GET", "/rpc/Switch.GetStatus?id=0")[1]["apower"] == 1674
    clock.advance(3000)
    assert http_ask(load.relay.port, "GET", "/rpc/Switch.GetStatus?id=0")[1]["apower"] == 0


def test_a_request_in_pieces_is_put_together(serve: Serve, clock: HeldClock) -> None:
    house = close_relay(serve())
    clock.advance(600)
    with socket.create_connection(("127.0.0.1", house.site.loads[0].miner.port), timeout=2) as connection:
        connection.sendall(b'{"comm')
        connection.sendall(b'and":"version"}')
        assert b"Avalon Q" in connection.recv(4096)


def test_a_request_that_ends_half_way_is_answered_with_an_error(serve: Serve, clock: HeldClock) -> None:
    house = close_relay(serve())
    clock.advance(600)
    with socket.create_connection(("127.0.0.1", house.site.loads[0].miner.port), timeout=2) as connection:
        connection.sendall(b'{"comm')
        connection.shutdown(socket.SHUT_WR)
        assert b"Invalid JSON" in connection.recv(4096)


def test_axeos_answers_over_http(serve: Serve, clock: HeldClock) -> None:
    house = close_relay(serve("axeos"))
    port = house.site.loads[0].miner.port
    clock.advance(600)
    assert http_ask(port, "GET", "/api/system/info")[1]["power"] == 1674
    assert http_ask(port, "POST", "/api/system/pause")[0] == 200
    clock.advance(5)
    assert http_ask(port, "GET", "/api/system/info")[1]["miningPaused"] is True
    assert http_ask(port, "GET", "/nowhere") == (404, None)


def test_a_silent_relay_lets_its_client_wait(serve: Serve, at: Path) -> None:
    house = serve()
    relay = house.site.loads[0].relay
    assert relay is not None
    PlantControl(at).fault("relay-silent")
    with pytest.raises(TimeoutError):
        http_ask(relay.port, "GET", "/rpc/Switch.GetStatus?id=0")
    PlantControl(at).clear("relay-silent")
    assert http_ask(relay.port, "GET", "/rpc/Switch.GetStatus?id=0")[0] == 200


def test_a_body_that_is_too_long_is_refused(serve: Serve) -> None:
    relay = serve().site.loads[0].relay
    assert relay is not None
    with closing(http.client.HTTPConnection("127.0.0.1", relay.port, timeout=WAIT_S)) as connection:
        connection.putrequest("POST", "/rpc")
        connection.putheader("Content-Length", "9999999")
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_a_step_of_the_wall_clock_does_not_shake_the_house(serve: Serve, clock: HeldClock, at: Path) -> None:
    house = serve()
    start_s = house.now_s
    clock.wall_s -= 7200
    clock.advance(10)
    assert PlantControl(at).status()["at_s"] == start_s + 10
    clock.wall_s += 9999
    clock.advance(10)
    assert PlantControl(at).status()["at_s"] == start_s + 20


@pytest.mark.parametrize("what", ["meter", "miner", "relay"])
def test_an_address_that_is_taken_is_told_and_nothing_stays_behind(
    make_house: MakeHouse, clock: HeldClock, at: Path, on_sockets: dict[str, Any], what: str
) -> None:
    load, devices = on_sockets["loads"][0], on_sockets["devices"]
    ports = {"meter": devices[2]["port"], "miner": load["miner"]["port"], "relay": load["relay"]["port"]}
    with socket.create_server(("127.0.0.1", ports.pop(what))) as other:
        server = PlantServer(make_house(**on_sockets), clock, at)
        with pytest.raises(PlantError, match=f"127.0.0.1:{other.getsockname()[1]}.*taken"):
            server.start()
    assert not at.exists()
    for port in (devices[0]["port"], *ports.values()):
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_two_devices_cannot_be_the_same_unit(
    make_house: MakeHouse, clock: HeldClock, at: Path, on_sockets: dict[str, Any]
) -> None:
    on_sockets["devices"][1]["unit_id"] = 1
    with pytest.raises(PlantError, match="device battery: unit 1"):
        PlantServer(make_house(**on_sockets), clock, at)


@pytest.mark.parametrize("what", ["device", "miner", "relay"])
def test_a_real_home_is_never_imitated(make_site: MakeSite, what: str) -> None:
    data = site_data()
    place = {
        "device": data["devices"][2],
        "miner": data["loads"][0]["miner"],
        "relay": data["loads"][0]["relay"],
    }[what]
    place["host"] = "192.168.1.20"
    site = make_site(devices=data["devices"], loads=data["loads"])
    with pytest.raises(PlantError, match=r"192\.168\.1\.20.*loopback"):
        refuse_foreign_addresses(site)
    refuse_foreign_addresses(make_site())
