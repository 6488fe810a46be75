"""What every configuration model shares: unknown keys are errors, values are never bent into shape."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
"""A name that is safe in an MQTT topic, a file name and a database: lower case, digits, underscore."""

Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
"""An IPv4 or IPv6 address or a host name."""

Port = Annotated[int, Field(ge=1, le=65535)]
Watts = Annotated[int, Field(ge=0, le=100_000)]
Percent = Annotated[float, Field(ge=0, le=100)]
PriceCtKwh = Annotated[float, Field(ge=-1000, le=1000)]


class Model(BaseModel):
    """Base of all configuration models: frozen, strict about keys and about numbers being finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Versioned(Model):
    """A configuration file's top level; ``schema`` says which shape it has."""

    schema_: Annotated[int, Field(alias="schema", ge=1, le=1, description="Shape of this file; 1 today.")]
