"""Economic inputs of a decision: prices, the organisation that builds, values of effects, and terms.

Every amount is a number or a three-point estimate (low, likely, high) which becomes a beta-PERT
distribution (work items are estimated in the same way; see data/effort). Amounts that are left out are those of
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
    def _check_order(self) -> "Estimate":
        if not self.low <= self.likely <= self.high:
            raise ValueError("must be low <= likely <= high")
        return self


def _choose_variant(value: object) -> str:
    """Choose the variant that the value was meant to be, so that a mistake is reported for that one alone."""
    return VARIANTS[1] if isinstance(value, dict | Estimate) else VARIANTS[0]


VARIANTS = ("number", "estimate")
Amount = Annotated[
    Annotated[NonNegativeAmount, Tag(VARIANTS[0])] | Annotated[Estimate, Tag(VARIANTS[1])],
    Discriminator(_choose_variant),
]
"""A number or an estimate."""


def find_likely(amount: Amount) -> float:
    """The number itself, or the likely value of an estimate."""
    return amount.likely if isinstance(amount, Estimate) else amount


class Prices(FrozenModel):
    """Prices in one currency; those that are left out are taken from data/prices.csv."""

    currency: str = Field(default="USD", max_length=8, pattern=r"^[A-Za-zÀ-ɏ$€£¥₹.]+$")
    vcpu_hour: Amount | None = Field(default=None, description="of a server, per vCPU and hour")
    database_vcpu_hour: Amount | None = Field(default=None, description="of the token store, per vCPU and hour")
    gigabyte: Amount | None = Field(default=None, description="of traffic, per 10^9 bytes")
    storage_gigabyte_month: Amount | None = Field(default=None, description="of the token store's disk")
    developer_day: Amount | None = Field(default=None, description="of one developer for a day of work")


class Worth(FrozenModel):
    """Values of effects to the application; 0 by default, and always reported separately."""

    second: Amount = Field(default=0.0, description="of one second less latency of one request")
    hour_down: Amount = Field(default=0.0, description="loss per hour in which the API is down")
    exposed_hour: Amount = Field(default=0.0, description="loss per hour for which a revoked token still works")


class Organisation(FrozenModel):
    """The organisation that builds: the scale of work items of an effort ledger. None: counted in the world."""

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
    """Terms of a decision: baseline, horizon and amounts per year.

    ``baseline`` and ``present`` are names of designs: the one that others are compared to (by default the first), and
    the one in use today, from which the others would need a migration (by default none).
    """

    baseline: str | None = None
    present: str | None = None
    horizon_years: Annotated[float, Field(gt=0, le=100)] = 3.0
    discount_rate: Annotated[float, Field(ge=0, le=1)] = 0.05
    indifference: NonNegativeAmount | None = Field(
        default=None,
        description="irrelevant difference in total cost over the horizon, in the currency of the prices; by "
        "default margins.relative of the baseline's cost of work, servers, traffic and storage",
    )
    requests_per_year: Amount | None = Field(default=None, description="by default the load of the world all year")
    target_utilisation: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.5, description="share of paid vCPUs that are busy on average"
    )
    revocations_per_year: Amount = Field(default=0.0, description="tokens reported stolen per year, for exposed hours")
    outage_hours_per_year: Amount = Field(default=8.76, description="of the authorization server (99.9 % available)")
    outage_length_s: PositiveFloat = Field(default=600.0, description="of one such outage")
