"""Rows that the token store keeps, by Little's law: rows written per second times their life (J. D. C. Little, 1961).

A short run issues few tokens of an hour. Users who send requests as independent Poisson streams get a token every
``life + 1 / rate`` seconds, so the expected number of renewals is known. It is a control variate: of the rows written
in each replication so many are taken off as its renewals are more than expected (B. L. Nelson, Control variate
remedies, Operations Research 38, 1990). What is left varies by what no closed form knows: revocations and exchanges.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.columns import Floats
from simlib.decision.gain.pilot_runs import PilotRun, find_useful_life_s
from simlib.deployment.demand import compute_popularity
from simlib.scenario.loads import PoissonLoad
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("rows_written_per_s", "renewals_per_s", "cut_short")
ERRORS = 5.0
"""Standard errors about its expectation beyond which the renewals are not those of the closed form."""


class Renewals(NamedTuple):
    """Tokens that clients get per second, mean seconds from one to the next of users whose tokens are revoked, and
    seconds of a run.
    """

    per_s: float
    cycle_s: float
    length_s: float


def compute_renewals(scenario: Scenario, design: str) -> Renewals | None:
    """The closed form; None where it does not hold: other loads, sessions that end, faults, tokens for one request."""
    world = scenario.world
    if not isinstance(world.load, PoissonLoad) or world.clients or world.faults:
        return None
    life_s = find_useful_life_s(scenario, design)
    if not life_s > 0:
        return None
    shares = compute_popularity(world.population)
    cycles = life_s + 1 / (shares * world.load.arrival_rate)
    return Renewals(float((1 / cycles).sum()), float((shares * cycles).sum()), scenario.horizon_s)


def add_kept_rows(scenario: Scenario, table: "pd.DataFrame", pilots: Mapping[str, PilotRun]) -> "pd.DataFrame":
    """Table with ``kept_rows`` and ``stored_bytes``: rows written per second, times their life, times their size.

    The columns of `count_renewals` are not in it any more.
    """
    kept, size = np.full(len(table), np.nan), np.full(len(table), np.nan)
    for name, pilot in pilots.items():
        own = (table["design"] == name).to_numpy()
        columns = {key: table.loc[own, key].to_numpy(dtype=np.float64) for key in COLUMNS}
        renewals = [compute_renewals(scenario, name)] * int(own.sum())
        kept[own] = control_rows(columns, renewals, pilot.rows_per_token) * pilot.row.life_s
        size[own] = pilot.row.size
    return table.drop(columns=list(COLUMNS[1:])).assign(kept_rows=kept, stored_bytes=kept * size)


def control_rows(columns: Mapping[str, Floats], renewals: Sequence[Renewals | None], rows_per_token: float) -> Floats:
    """Rows written per second in each run of a design, with the expected number of renewals.

    As measured where there is no closed form, or where the renewals are not as it says, as in an overload. ``columns``:
    `COLUMNS`, a value per run.
    """
    written, known = columns["rows_written_per_s"], [own for own in renewals if own is not None]
    if not rows_per_token or not known or len(known) < len(renewals):
        return written
    per_s, cycle_s, length_s = np.array(known).T
    surplus = columns["renewals_per_s"] + columns["cut_short"] / cycle_s - per_s
    errors = np.sqrt(per_s / length_s)
    if not abs(float((surplus / errors).sum())) <= ERRORS * sqrt(len(known)):
        return written
    controlled: Floats = written - rows_per_token * surplus
    return controlled
