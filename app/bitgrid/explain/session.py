"""Explain sessions: what the explain process publishes about each decision it hears of."""

from __future__ import annotations

from collections.abc import Callable

from bitgrid.bus import Bus, DecisionEvent, ExplainSession, Received, Topics, decode
from bitgrid.clock import Clock
from bitgrid.config import Site
from bitgrid.explain.language import LANGUAGES
from bitgrid.explain.record import read_record
from bitgrid.explain.sentences import Explainer


class Narrator:
    """Hears decisions, publishes their sentences in every language.

    A decision kept by the broker is said again after a restart: the same record makes the same words.

    Args:
        site: whose loads are spoken of.
        bus: where decisions are heard and their sentences told.
        keep: called with each session that was told, on the thread on which the bus calls.
        clock: so that a session tells when it was said, and how long that took can be reckoned; without one it
            tells when the decision was made.
    """

    def __init__(
        self,
        site: Site,
        bus: Bus,
        keep: Callable[[ExplainSession], None] = lambda _session: None,
        *,
        clock: Clock | None = None,
    ) -> None:
        topics = Topics(site.site)
        self._bus, self._topic, self._clock = bus, topics.session, clock
        self._explainer = Explainer(site)
        self._unreadable, self._keep = 0, keep
        bus.subscribe(topics.decision, self.on_decision)

    def on_decision(self, received: Received) -> None:
        """Say one decision; what is no decision is counted and told as health by `step`."""
        event = decode(DecisionEvent, received.payload)
        record = None if event is None else read_record(event.record)
        if event is None or record is None:
            self._unreadable += 1
            return
        texts = {language: self._explainer.texts_of(record, language) for language in LANGUAGES}
        at_s = record.at_s if self._clock is None else self._clock.now()
        session = ExplainSession(decision_id=event.id, load=event.load, at_s=at_s, texts=texts)
        self._bus.publish(self._topic, session)
        self._keep(session)

    def step(self) -> None:
        """Tell, once, of decisions that could not be read.

        Raises:
            ValueError: some came since the last step; the process tells it as its health and goes on.
        """
        count, self._unreadable = self._unreadable, 0
        if count:
            raise ValueError(
                f"{count} message(s) on the decision topic could not be read; "
                "do all services run the same version?"
            )
