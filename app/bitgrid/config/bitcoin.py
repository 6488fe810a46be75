"""The section `bitcoin` of site.yaml: who is asked for Bitcoin's difficulty and price; nobody, unless named."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from bitgrid.config.schema import Host, Identifier, Model, Port

RPC_PORT = 8332


class BitcoinNode(Model):
    """The owner's own bitcoind, asked over plain HTTP within the home; by a password or by its cookie."""

    host: Host = Field(description="Its address.")
    port: Port = Field(default=RPC_PORT, description="Port of its JSON-RPC.")
    secret: Identifier | None = Field(
        default=None, description="File in the secrets' directory with `user:password`, as `rpcauth` made them."
    )
    cookie: Annotated[str, Field(pattern=r"^/[^\n]{1,250}$")] | None = Field(
        default=None,
        description="In place of a secret: the path of its cookie file, where it runs on this host.",
    )

    @field_validator("host")
    @classmethod
    def _is_at_home(cls, host: str) -> str:
        try:
            is_public = ipaddress.ip_address(host).is_global
        except ValueError:
            return host
        if is_public:
            raise ValueError("a public address; the password would cross the internet in the clear. Use a VPN")
        return host

    @model_validator(mode="after")
    def _secret_or_cookie(self) -> Self:
        if (self.secret is None) == (self.cookie is None):
            raise ValueError("give secret or cookie; one of the two")
        return self


class Bitcoin(Model):
    """Where Bitcoin's figures come from, and how long they hold. Without this section nobody is asked."""

    node: BitcoinNode | None = None
    api: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$")] | None = Field(
        default=None,
        description="Base URL of a mempool.space-compatible server, without `/api`: for the price, and for the "
        "difficulty while no own node tells it. Left out, nobody outside is asked.",
    )
    fees_sats: Annotated[int, Field(ge=0, le=1_000_000_000)] = Field(
        default=0, description="Fees of a block that are counted beside its subsidy, satoshi."
    )
    pool_fee_pct: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.0, description="What the pool keeps of a reward, percent."
    )
    stale_after_days: Annotated[float, Field(gt=0, le=365)] = Field(
        default=30.0, description="Days after which a difficulty is too old to decide by."
    )
    price_stale_after_h: Annotated[float, Field(gt=0, le=720)] = Field(
        default=24.0, description="Hours after which a price from a feed is too old to decide by."
    )

    @property
    def stale_after_s(self) -> float:
        """When a difficulty is too old, s."""
        return self.stale_after_days * 86_400

    @property
    def price_stale_after_s(self) -> float:
        """When a price is too old, s."""
        return self.price_stale_after_h * 3600
