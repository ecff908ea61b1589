"""Schedules of faults: a fixed window or instant, or windows and instants that are drawn."""

from typing import Annotated

from pydantic import Field, model_validator

from simlib.scenario.base import FrozenModel
from simlib.scenario.distributions import NonNegative, Positive

At = Annotated[NonNegative | None, Field(description="second of the run at which it happens or begins")]


class LastingFault(FrozenModel):
    """A fault with a beginning and an end.

    Either ``at_s`` and ``length_s``, or exponential times: ``mean_between_s`` from the end of one to the beginning of
    the next, ``mean_length_s`` of its length.
    """

    at_s: At = None
    length_s: Positive | None = None
    mean_between_s: Positive | None = None
    mean_length_s: Positive | None = None

    @property
    def is_random(self) -> bool:
        """Whether its times are drawn."""
        return self.mean_between_s is not None

    @model_validator(mode="after")
    def _has_one_schedule(self) -> "LastingFault":
        fixed = (self.at_s is not None, self.length_s is not None)
        drawn = (self.mean_between_s is not None, self.mean_length_s is not None)
        if (all(fixed), any(drawn)) != (True, False) and (any(fixed), all(drawn)) != (False, True):
            raise ValueError("needs one schedule: at_s and length_s, or mean_between_s and mean_length_s")
        return self


class SuddenFault(FrozenModel):
    """A fault that happens at an instant: at ``at_s``, or again and again after exponential times."""

    at_s: At = None
    mean_between_s: Positive | None = None

    @property
    def is_random(self) -> bool:
        """Whether its times are drawn."""
        return self.mean_between_s is not None

    @model_validator(mode="after")
    def _has_one_schedule(self) -> "SuddenFault":
        if (self.at_s is None) == (self.mean_between_s is None):
            raise ValueError("needs one schedule: at_s, or mean_between_s")
        return self
