"""What the API answers: the schemas that OpenAPI is made of, and that every answer is written by.

Units are in the names; times are UTC epoch seconds. A value that is not live is null, never the last one known.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bitgrid.bus import LoadState

Record = Annotated[
    dict[str, Any], Field(description="As recorded; docs/api.md says where its keys are explained.")
]
EpochS = Annotated[int, Field(description="UTC epoch seconds.")]
Hash = Annotated[str, Field(description="SHA-256, in hexadecimal.")]


class Answer(BaseModel):
    """Base of all answers; keys may come to be more, and none goes or changes its meaning under ``/api/v1``."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, ser_json_inf_nan="null")


class SignalNow(Answer):
    """A measurement or price."""

    value: float | None = Field(description="In the unit of its name; null where it is not live.")
    last_value: float | None = Field(description="The last one known, however old.")
    is_live: bool
    age_s: float | None = Field(description="Since it was measured; null: not known.")
    source: str


class ForecastNow(Answer):
    """A forecast in W by block, from the one now running on."""

    values: list[float] = Field(description="Empty where no rule goes by it any more.")
    last_values: list[float]
    is_live: bool
    age_s: float | None
    source: str


class LoadNow(LoadState):
    """A load as the rules see it."""

    model_config = ConfigDict(extra="ignore")

    is_live: bool
    age_s: float | None


class StateAnswer(Answer):
    """The house now."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    at_s: float
    is_connected: bool = Field(description="Whether the message broker can be reached.")
    is_live: bool = Field(description="Whether the rules were heard within their own time-out.")
    block: int | None
    block_ends_s: EpochS | None
    surplus_w: int | None
    degraded: list[str] = Field(description="Signals that the rules lack, so that nothing starts.")
    config_hash: Hash | None
    autonomy: Annotated[int, Field(ge=0, le=3)] | None = Field(
        description="How much the rules do by themselves: 0 manual, 1 assisted, 2 semi, 3 full; null: not live."
    )
    signals: dict[str, SignalNow]
    forecasts: dict[str, ForecastNow]
    loads: dict[str, LoadNow | None] = Field(description="Every load of the site; null: nothing heard of it yet.")


class ComponentHealth(Answer):
    """A process of the house; one that said no more is "silent", unless it had said that it failed."""

    status: Literal["ok", "warn", "silent", "error"]
    reason: str


class HealthAnswer(Answer):
    """Every process, the bridge to Home Assistant where it is on, and the worst of them as the whole."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    status: Literal["ok", "warn", "silent", "error"]
    is_connected: bool
    version: str = Field(description="Of BitGrid.")
    release: str = Field(description="The directory that all of it runs from.")
    components: dict[str, ComponentHealth]


class KpiFigure(Answer):
    """A key figure of a period."""

    value: float | dict[str, int] | None = Field(description="null where it is not known.")
    unit: str | None
    version: int = Field(description="Rises when its formula changes.")
    coverage: Annotated[float, Field(ge=0, le=1)] = Field(description="Share of the period it is known for.")
    unknown: str | None
    why: str | None = Field(description="Why it is not known, in words.")


class KpiOfDay(Answer):
    """A key figure of a day."""

    value: float | dict[str, int] | None
    coverage: Annotated[float, Field(ge=0, le=1)]


class KpiDay(Answer):
    """A local day's."""

    date: str
    from_s: EpochS
    to_s: EpochS
    kpis: dict[str, KpiOfDay]


class KpiAnswer(Answer):
    """Key figures of a period; docs/kpi.md says how each is reckoned."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    from_s: EpochS
    to_s: EpochS
    until_s: EpochS = Field(description="Up to when there are figures.")
    timezone: str
    kpis: dict[str, KpiFigure]
    days: list[KpiDay]
    notes: list[str]


class ConfigAnswer(Answer):
    """The configuration that the rules go by, without secrets; docs/configuration.md explains every key."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    config_hash: Hash
    is_in_force: bool = Field(description="Whether the rules said just now that they go by this very one.")
    site: Record
    rules: Record
    flags: Record
    policies: Record
    profiles: Record


class AcceptedAnswer(Answer):
    """A request that the rules have carried out."""

    request_id: str
    accepted: Literal[True] = True
    code: str
    text: str
    ends_at_s: EpochS | None = Field(description="When what was asked for ends by itself.")


class ExportJob(Answer):
    """The making of a research bundle."""

    id: str
    state: Literal["running", "done", "failed", "cancelled"]
    percent: Annotated[int, Field(ge=0, le=100)]
    file: str = Field(description="What its file is called once it is done.")
    problem: str = Field(description="Why it failed; empty: it did not.")


class BundleAnswer(Answer):
    """A research bundle that was made."""

    name: str
    bytes: int
    made_s: float
    url: str = Field(description="Where it is downloaded, with the same token.")


class ExportsAnswer(Answer):
    """The last bundle that was asked for since the pages began, and those there are, newest first."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    job: ExportJob | None
    bundles: list[BundleAnswer]


class WrongInput(Answer):
    """What does not fit, and what would."""

    key: str
    message: str


class ProblemAnswer(Answer):
    """A refusal (RFC 9457); what was refused changed nothing."""

    type: str = Field(description="urn:bitgrid:problem:… names the reason, for programs.")
    title: str
    status: int
    detail: str = Field(description="What happened, what it means and what to do.")
    reason: str | None = Field(default=None, description="The rules' own code, where they refused.")
    request_id: str | None = None
    errors: list[WrongInput] = []
    retry_after_s: int | None = Field(default=None, description="With 429: when to ask again.")
