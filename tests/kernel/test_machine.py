"""Days of a house at random: weather, markets, faults, people, restarts, new rules and a clock that steps.

What happens to the house is in `happenings.py`, how it lives in `days.py`, what must hold of every decision in
`watch.py`. That each of these checks can fail is shown in `test_machine_notices.py`.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bitgrid.kernel import RuleSet
from kernel.days import RULE_SETS, Days
from kernel.happenings import PEOPLE, SURROUNDINGS, TIME, TROUBLE, Happening

CHANCE = st.randoms(use_true_random=False)


class House(RuleBasedStateMachine):
    @initialize(loads=st.integers(1, 2), rules=st.sampled_from(RULE_SETS))
    def wakes(self, loads: int, rules: RuleSet) -> None:
        self.days = Days(Counter(), loads=loads)
        self.days.reloads(rules)

    @rule(happening=st.sampled_from(SURROUNDINGS), chance=CHANCE)
    def surroundings(self, happening: Happening, chance: Random) -> None:
        happening(self.days, chance)

    @rule(happening=st.sampled_from(TROUBLE), chance=CHANCE)
    def trouble(self, happening: Happening, chance: Random) -> None:
        happening(self.days, chance)

    @rule(happening=st.sampled_from(PEOPLE), chance=CHANCE)
    def people(self, happening: Happening, chance: Random) -> None:
        happening(self.days, chance)

    @rule(happening=st.sampled_from(TIME), chance=CHANCE)
    def time(self, happening: Happening, chance: Random) -> None:
        happening(self.days, chance)


House.TestCase.settings = settings(
    max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHouse = House.TestCase
