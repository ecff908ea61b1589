"""Limits that a design must keep, and margins below which differences do not matter."""

from typing import Annotated

from pydantic import Field

from simlib.scenario.base import FrozenModel
from simlib.scenario.distributions import NonNegative

_TIMED = "of the requests that were served without a refusal on the way"
_ALL = "of all finished requests"
Margin = Annotated[float, Field(gt=0)] | None
Share = Annotated[float, Field(ge=0, le=1)] | None
"""Part of one: 5, meant as 5 %, would be a limit that nothing can break."""
ShareMargin = Annotated[float, Field(gt=0, le=1)] | None


class Margins(FrozenModel):
    """Equivalence margins: differences below them are irrelevant.

    ``relative`` is a share of the baseline's value, by default the first design's; a metric's own margin, in the unit
    of its name (seconds, bytes, a share), takes precedence, and holds for the metric that stands beside it too, such as
    ``mean_s`` for ``mean_all_s``.
    """

    relative: Annotated[float, Field(gt=0, lt=1)] = 0.05
    mean_s: Margin = None
    mean_all_s: Margin = None
    p50_s: Margin = None
    p95_s: Margin = None
    p95_all_s: Margin = None
    p99_s: Margin = None
    p99_all_s: Margin = None
    checking_mean_s: Margin = None
    obtaining_mean_s: Margin = None
    as_requests_per_s: Margin = None
    as_utilisation: ShareMargin = None
    rs_utilisation: ShareMargin = None
    busiest_utilisation: ShareMargin = None
    rs_cpu_s: Margin = None
    as_cpu_s: Margin = None
    bytes_per_request: Margin = None
    exposure_s: Margin = None
    exposure_requests: Margin = None
    failed_share: ShareMargin = None
    refused_share: ShareMargin = None
    refused_valid_share: ShareMargin = None


class Limits(FrozenModel):
    """Limits that a design must not exceed; the upper end of the interval counts."""

    mean_s: NonNegative | None = Field(default=None, description=f"mean latency {_TIMED}")
    mean_all_s: NonNegative | None = Field(default=None, description=f"mean latency {_ALL}")
    p50_s: NonNegative | None = Field(default=None, description=f"median latency {_TIMED}")
    p95_s: NonNegative | None = Field(default=None, description=f"95th percentile of the latency {_TIMED}")
    p95_all_s: NonNegative | None = Field(default=None, description=f"95th percentile of the latency {_ALL}")
    p99_s: NonNegative | None = Field(default=None, description=f"99th percentile of the latency {_TIMED}")
    p99_all_s: NonNegative | None = Field(default=None, description=f"99th percentile of the latency {_ALL}")
    failed_share: Share = Field(
        default=None, description="share of the requests that failed; refused ones are left out"
    )
    refused_valid_share: Share = Field(
        default=None, description="share of the requests that were refused although their token was valid"
    )
    as_utilisation: Share = None
    rs_utilisation: Share = Field(default=None, description="mean of the hosts that check or forward tokens")
    busiest_utilisation: Share = Field(default=None, description="utilisation of the busiest host of all")
    exposure_s: NonNegative | None = None
    availability: Share = Field(default=None, description="least share of the year's requests with a right answer")
    revocation_lag_s: NonNegative | None = Field(
        default=None, description="longest time for which the settings of a design may accept a revoked token"
    )
    header_bytes: NonNegative | None = Field(default=None, description="largest request header, token included")
    opaque_to_clients: bool = Field(default=False, description="clients must not be able to read their access token")
    no_as_dependency: bool = Field(
        default=False, description="tokens must be validated through an outage of the authorization server"
    )
