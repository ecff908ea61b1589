"""Distributions of durations, inverted at one uniform each so that designs share their random numbers."""

from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from simlib.scenario.base import FrozenModel

if TYPE_CHECKING:  # numpy is loaded by what draws: commands that list scenarios go without
    import numpy as np
    from numpy.typing import NDArray

    Uniforms = NDArray[np.float64]

Positive = Annotated[FiniteFloat, Field(gt=0)]
NonNegative = Annotated[FiniteFloat, Field(ge=0)]

_STANDARD = NormalDist()
_P99 = _STANDARD.inv_cdf(0.99)


class Constant(FrozenModel):
    """A constant number of seconds."""

    kind: Literal["constant"] = "constant"
    value_s: NonNegative

    def invert(self, uniform: "Uniforms") -> "Uniforms":
        """Invert the distribution at each uniform; seconds."""
        import numpy as np

        return np.full(uniform.shape, self.value_s)

    def mean(self) -> float:
        """Mean in seconds."""
        return self.value_s


class Uniform(FrozenModel):
    """Uniform between two bounds."""

    kind: Literal["uniform"] = "uniform"
    low_s: NonNegative
    high_s: NonNegative

    @model_validator(mode="after")
    def _check_order(self) -> "Uniform":
        if self.high_s < self.low_s:
            raise ValueError("high_s must be at least low_s")
        return self

    def invert(self, uniform: "Uniforms") -> "Uniforms":
        """Invert the distribution at each uniform; seconds."""
        return self.low_s + (self.high_s - self.low_s) * uniform

    def mean(self) -> float:
        """Mean in seconds."""
        return (self.low_s + self.high_s) / 2


class Exponential(FrozenModel):
    """Exponential (memoryless), defined by its mean."""

    kind: Literal["exponential"] = "exponential"
    mean_s: Positive

    def invert(self, uniform: "Uniforms") -> "Uniforms":
        """Invert the distribution at each uniform; seconds."""
        import numpy as np

        return -self.mean_s * np.log1p(-uniform)

    def mean(self) -> float:
        """Mean in seconds."""
        return self.mean_s


class Lognormal(FrozenModel):
    """Lognormal, defined by its median and 99th percentile, the two figures that measurements report."""

    kind: Literal["lognormal"] = "lognormal"
    median_s: Positive
    p99_s: Positive

    @model_validator(mode="after")
    def _check_order(self) -> "Lognormal":
        if self.p99_s <= self.median_s:
            raise ValueError("p99_s must be above median_s")
        return self

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        import numpy as np

        return float(np.log(self.p99_s / self.median_s)) / _P99

    def invert(self, uniform: "Uniforms") -> "Uniforms":
        """Invert the distribution at each uniform; seconds."""
        import numpy as np

        inside = np.clip(uniform, 1e-12, 1 - 1e-12)
        normal = np.array([_STANDARD.inv_cdf(u) for u in inside.ravel().tolist()], dtype=np.float64)
        return self.median_s * np.exp(self.sigma * normal).reshape(uniform.shape)

    def mean(self) -> float:
        """Mean in seconds."""
        import numpy as np

        return self.median_s * float(np.exp(self.sigma**2 / 2))


class Quantiles(FrozenModel):
    """Measured quantiles: values at evenly spaced probabilities from 0 to 1, interpolated between them."""

    kind: Literal["quantiles"] = "quantiles"
    values_s: tuple[NonNegative, ...] = Field(min_length=2, strict=False)

    @model_validator(mode="after")
    def _check_order(self) -> "Quantiles":
        if any(later < earlier for earlier, later in zip(self.values_s, self.values_s[1:], strict=False)):
            raise ValueError("values_s must not decrease")
        return self

    def invert(self, uniform: "Uniforms") -> "Uniforms":
        """Invert the distribution at each uniform; seconds."""
        import numpy as np

        grid = np.arange(len(self.values_s))
        seconds: Uniforms = np.interp(uniform * (len(grid) - 1), grid, np.array(self.values_s))
        return seconds

    def mean(self) -> float:
        """Mean in seconds."""
        import numpy as np

        values = np.array(self.values_s)
        return float(((values[1:] + values[:-1]) / 2).mean())


Distribution = Annotated[Constant | Uniform | Exponential | Lognormal | Quantiles, Field(discriminator="kind")]
