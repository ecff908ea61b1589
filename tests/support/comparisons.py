"""Comparisons made by hand: every figure is chosen, nothing is simulated."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from simlib.analysis import METRICS
from simlib.experiment import Comparison
from support.scenarios import scenario

OPAQUE, CACHED, JWT = "opaque_introspection", "opaque_cached", "jwt_local"
FORMS = {"service": "kiefer_wolfowitz", "authorization_server": "fifo_events"}
STEADY = {"backlog_slope": 0.0, "backlog_end": 1.0, "arrivals_per_s": 20.0, "arrivals": 300.0, "revocations": 5.0}
NOISE = (0.0, 1.0, -1.0, 0.5)
"""Added to the values of each replication, times a thousandth of the value."""

Figures = Mapping[str, Mapping[str, float | Sequence[float]]]
NOTHING: Figures = {}


def comparison(figures: Figures = NOTHING, replications: int = 4, **changes: Any) -> Comparison:
    """The tiny scenario, compared: design -> metric -> value (with a little noise) or one value per replication.

    What is not given is 0.02 in every design. ``changes`` are those of `support.scenarios.document`.
    """
    chosen = scenario(run__replications=replications, **changes)
    rows = [
        {
            "design": design,
            "replication": number,
            **{name: _value(figures.get(design, {}).get(name, 0.02), number) for name in METRICS},
            **{name: _value(figures.get(design, {}).get(name, usual), number) for name, usual in STEADY.items()},
        }
        for number in range(replications)
        for design in chosen.designs
    ]
    return Comparison(chosen, pd.DataFrame(rows), dict.fromkeys(chosen.designs, FORMS))


def _value(given: float | Sequence[float], replication: int) -> float:
    if isinstance(given, int | float):
        return given * (1 + NOISE[replication % len(NOISE)] / 1000)
    return given[replication]
