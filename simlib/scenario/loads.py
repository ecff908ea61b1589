"""Loads of a world: open (Poisson, daily, bursty), closed with think times, and replayed from a trace."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simlib.scenario.base import FrozenModel
from simlib.scenario.distributions import Distribution, NonNegative


class PoissonLoad(FrozenModel):
    """Independent users: an open Poisson stream of requests."""

    kind: Literal["poisson"] = "poisson"
    arrival_rate: Annotated[float, Field(gt=0, le=1e7)] = Field(description="requests per second")


class DailyLoad(FrozenModel):
    """A Poisson stream whose rate depends on the time of day: ``profile`` holds weights of equal parts of a period."""

    kind: Literal["daily"] = "daily"
    arrival_rate: Annotated[float, Field(gt=0, le=1e7)] = Field(description="mean requests per second over a period")
    profile: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e9)], ...], Field(min_length=2, max_length=10_000, strict=False)
    ] = Field(description="weights of equal parts of the period, such as 24 hours; only their ratios count")
    period_s: Annotated[float, Field(ge=1, le=1e9)] = 86_400.0
    begin_s: NonNegative = Field(default=0.0, description="time in the period at which the run begins")

    @model_validator(mode="after")
    def _check_weights(self) -> "DailyLoad":
        if not sum(self.profile) > 0:
            raise ValueError("profile must hold a weight above 0")
        return self


class BurstyLoad(FrozenModel):
    """A Poisson stream that switches between a quiet and a busy rate after exponential times (a two-state MMPP)."""

    kind: Literal["bursty"] = "bursty"
    quiet_rate: Annotated[float, Field(ge=0, le=1e7)] = Field(description="requests per second between bursts")
    burst_rate: Annotated[float, Field(gt=0, le=1e7)] = Field(description="requests per second in a burst")
    quiet_s: Annotated[float, Field(ge=0.001, le=1e9)] = Field(description="mean seconds between bursts")
    burst_s: Annotated[float, Field(ge=0.001, le=1e9)] = Field(description="mean seconds of a burst")

    @property
    def arrival_rate(self) -> float:
        """Mean requests per second."""
        quiet, burst = self.quiet_rate * self.quiet_s, self.burst_rate * self.burst_s
        return (quiet + burst) / (self.quiet_s + self.burst_s)


class ClosedLoad(FrozenModel):
    """The population's users, each with one request at a time and a think time between answer and next request."""

    kind: Literal["closed"] = "closed"
    think: Distribution

    @model_validator(mode="after")
    def _check_think_time(self) -> "ClosedLoad":
        if not self.think.mean() > 0:
            raise ValueError("think must have a mean above 0")
        return self


class ReplayLoad(FrozenModel):
    """The arrivals of a real log: access log or CSV, plain or gzipped."""

    kind: Literal["replay"] = "replay"
    file: Annotated[Path, Field(strict=False)]
    time_column: str | None = None
    user_column: str | None = None
    speed_up: Annotated[float, Field(ge=1e-6, le=1e9)] = 1.0
    copies: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    sha256: str | None = Field(default=None, description="refuse another file than this one")


OpenLoad = PoissonLoad | DailyLoad | BurstyLoad


Load = Annotated[OpenLoad | ClosedLoad | ReplayLoad, Field(discriminator="kind")]
