"""When a fault is there: a window or an instant that is given, or windows and instants that are drawn."""

from typing import Annotated

from pydantic import Field, model_validator

from simlib.scenario.base import FrozenModel
from simlib.scenario.distributions import NonNegative, Positive

At = Annotated[NonNegative | None, Field(description="second of the run at which it happens or begins")]


class Lasting(FrozenModel):
    """A fault with a beginning and an end.

    Either ``at_s`` and ``length_s``, or exponential times: ``mean_between_s`` from the end of one to the beginning of
    the next, ``mean_length_s`` for as long as it lasts.
    """

    at_s: At = None
    length_s: Positive | None = None
    mean_between_s: Positive | None = None
    mean_length_s: Positive | None = None

    @property
    def random(self) -> bool:
        """Whether its times are drawn."""
        return self.mean_between_s is not None

    @model_validator(mode="after")
    def _has_one_schedule(self) -> "Lasting":
        given = (self.at_s is not None, self.length_s is not None)
        drawn = (self.mean_between_s is not None, self.mean_length_s is not None)
        if (all(given), any(drawn)) != (True, False) and (any(given), all(drawn)) != (False, True):
            raise ValueError("needs one schedule: at_s and length_s, or mean_between_s and mean_length_s")
        return self


class Sudden(FrozenModel):
    """A fault that happens at an instant: at ``at_s``, or again and again after exponential times."""

    at_s: At = None
    mean_between_s: Positive | None = None

    @property
    def random(self) -> bool:
        """Whether its times are drawn."""
        return self.mean_between_s is not None

    @model_validator(mode="after")
    def _has_one_schedule(self) -> "Sudden":
        if (self.at_s is None) == (self.mean_between_s is None):
            raise ValueError("needs one schedule: at_s, or mean_between_s")
        return self
