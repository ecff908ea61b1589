"""What a decision takes besides the simulation: prices, the organisation that builds, and what things are worth.

Every amount is a number or a three-point estimate (low, likely, high) of which a beta-PERT distribution is made
(complexity by work items is estimated in the same way; see data/effort). Amounts that are left out are those of
data/prices.csv.
"""

from typing import Annotated

from pydantic import Discriminator, Field, PositiveFloat, Tag, model_validator

from simlib.scenario.base import FrozenModel

NonNegativeAmount = Annotated[float, Field(ge=0, le=1e15)]


class Estimate(FrozenModel):
    """A three-point estimate, low <= likely <= high."""

    low: NonNegativeAmount
    likely: NonNegativeAmount
    high: NonNegativeAmount

    @model_validator(mode="after")
    def _in_order(self) -> "Estimate":
        if not self.low <= self.likely <= self.high:
            raise ValueError("must be low <= likely <= high")
        return self


def _variant(given: object) -> str:
    """Which of both was meant, so that a mistake is told about that one alone."""
    return VARIANTS[1] if isinstance(given, dict | Estimate) else VARIANTS[0]


VARIANTS = ("number", "estimate")
Amount = Annotated[
    Annotated[NonNegativeAmount, Tag(VARIANTS[0])] | Annotated[Estimate, Tag(VARIANTS[1])], Discriminator(_variant)
]
"""A known value, or what is known about it."""


class Prices(FrozenModel):
    """What things cost, in one currency; what is left out is taken from data/prices.csv."""

    currency: str = Field(default="USD", max_length=8, pattern=r"^[A-Za-zÀ-ɏ$€£¥₹.]+$")
    vcpu_hour: Amount | None = Field(default=None, description="of a server, per vCPU and hour")
    database_vcpu_hour: Amount | None = Field(default=None, description="of the token store, per vCPU and hour")
    gigabyte: Amount | None = Field(default=None, description="of traffic, per 10^9 bytes")
    storage_gigabyte_month: Amount | None = Field(default=None, description="of the token store's disk")
    developer_day: Amount | None = Field(default=None, description="of one developer for a day of work")


class Worth(FrozenModel):
    """What things are worth to the application; all 0 until somebody says otherwise, and always shown apart."""

    second: Amount = Field(default=0.0, description="of one second less latency of one request")
    hour_down: Amount = Field(default=0.0, description="loss per hour in which the API is down")
    exposed_hour: Amount = Field(default=0.0, description="loss per hour for which a revoked token still works")


class Organisation(FrozenModel):
    """Who builds: what the work items of an effort ledger scale with. None: counted in the world."""

    stacks: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="languages or frameworks in which services are written; by default 1"
    )
    services: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="resource servers; by default those of the world"
    )
    clients: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="client applications; by default the kinds of clients of the world"
    )


class Terms(FrozenModel):
    """The terms of a decision: against what, for how long, and how often.

    ``baseline`` and ``present`` are names of designs: what the others are held against (by default the first), and
    what runs today, from which one would have to migrate (by default nothing).
    """

    baseline: str | None = None
    present: str | None = None
    horizon_years: Annotated[float, Field(gt=0, le=100)] = 3.0
    discount_rate: Annotated[float, Field(ge=0, le=1)] = 0.05
    indifference: NonNegativeAmount | None = Field(
        default=None,
        description="difference in total cost over the horizon that does not matter, in the currency of the prices; by "
        "default margins.relative of what the baseline costs in work, servers, traffic and storage",
    )
    requests_per_year: Amount | None = Field(default=None, description="by default the load of the world all year")
    target_utilisation: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.5, description="share of paid vCPUs that work on average"
    )
    revocations_per_year: Amount = Field(default=0.0, description="tokens reported stolen per year, for exposed hours")
    outage_hours_per_year: Amount = Field(default=8.76, description="of the authorization server (99.9 % available)")
    outage_length_s: PositiveFloat = Field(default=600.0, description="of one such outage")
