"""Which wires lead to the devices of the simulated house, and what is wrong with each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bitgrid.plant.errors import PlantError
from bitgrid.plant.wire_faults import WireFault


class Wiring:
    """The wires of a house by their names in site.yaml; devices at one port have one wire and several names."""

    def __init__(self) -> None:
        self._wires: dict[str, _State] = {}

    def add(self, names: Iterable[str], can: Iterable[WireFault]) -> Callable[[], WireFault | None]:
        """Name a wire and what can be wrong with it; what tells what is."""
        state = _State(frozenset(can))
        self._wires |= dict.fromkeys(names, state)
        return lambda: state.wrong

    def spoil(self, name: str, fault: WireFault | None) -> None:
        """Let something go wrong with a wire, in place of what was; None mends it.

        Raises:
            PlantError: there is no such wire, or its protocol cannot go wrong in that way.
        """
        state = self._wires.get(name)
        if state is None:
            raise PlantError(
                f"there is no wire to {name}; there are wires to {', '.join(self._wires) or 'nothing'}"
            )
        if fault is not None and fault not in state.can:
            raise PlantError(f"the wire to {name} does not carry Modbus, so it cannot go wrong by {fault}")
        state.wrong = fault

    def mend(self) -> None:
        """Mend all wires."""
        for state in self._wires.values():
            state.wrong = None

    def status(self) -> dict[str, Any]:
        """What is wrong with each wire, by its name; None: nothing."""
        return {name: state.wrong for name, state in self._wires.items()}


class _State:
    def __init__(self, can: frozenset[WireFault]) -> None:
        self.can = can
        self.wrong: WireFault | None = None
