"""What operations cost, read off a cost profile."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simlib.scenario.profile import CostProfile

if TYPE_CHECKING:
    import pandas as pd

LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95


def cost_table(profile: CostProfile, operations: Sequence[str]) -> "pd.DataFrame":
    """Median and the range of nine runs in ten of each operation, in microseconds of CPU time, one row each.

    Raises InputError for an operation that the profile does not have.
    """
    import pandas as pd

    uniform = np.array([LOW, MIDDLE, HIGH])
    rows = {operation: profile.seconds(operation, uniform) * 1e6 for operation in operations}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["low_us", "median_us", "high_us"])
