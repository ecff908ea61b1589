"""Run of a scenario: seed, length, warm-up, replications."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from simlib.scenario.base import FrozenModel
from simlib.scenario.distributions import NonNegative


class Run(FrozenModel):
    """One experiment: simulated seconds, warm-up, and number of replications.

    ``station_form`` "auto" uses the Kiefer-Wolfowitz recursion wherever it is exact and events elsewhere. ``detail``
    "visits" also records every visit to every station. ``timing`` "live" caches no verified token, and the run cannot
    be repeated to the same numbers.
    """

    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    length_s: PositiveFloat
    warm_up_s: NonNegative = 0.0
    replications: Annotated[int, Field(ge=1, le=100_000)] = 10
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    station_form: Literal["auto", "events"] = "auto"
    detail: Literal["calls", "visits"] = "calls"
    remember_verified: bool = True
    timing: Annotated[
        Literal["profile", "live"],
        Field(
            description="source of the times of real operations: the cost profile, or a stopwatch in this "
            "run (live: they vary from run to run)"
        ),
    ] = "profile"
    host_noise: Literal["quiet", "as_measured"] = "quiet"
    caches: Annotated[
        Literal["empty", "stationary"],
        Field(
            description="what servers remember when the run begins: what they would in the middle of a long run, of "
            "all ages, or nothing (empty: a cold start)"
        ),
    ] = "stationary"
    memory_budget_mb: PositiveInt = 4096

    @model_validator(mode="after")
    def _warm_up_ends(self) -> "Run":
        if self.warm_up_s >= self.length_s:
            raise ValueError(f"warm_up_s must be below length_s ({self.length_s:g})")
        return self
