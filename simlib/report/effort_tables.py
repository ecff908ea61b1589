"""Tables of effort for notebooks and pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simlib.decision.effort import Explained, Indicator
from simlib.report.effort_cells import days_text, head_of, value_text

if TYPE_CHECKING:
    import pandas as pd


def indicator_table(indicators: Sequence[Indicator]) -> "pd.DataFrame":
    """Indicators down, designs across, and whether each is measured, counted or assumed."""
    import pandas as pd

    rows = {
        head_of(one): {"": one.mark} | {name: value_text(one, value) for name, value in one.values.items()}
        for one in indicators
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def item_table(items: Sequence[Explained]) -> "pd.DataFrame":
    """The items behind a number: what, how much, why, and from where."""
    import pandas as pd

    rows = {
        one.item.id: {
            "work": one.item.title,
            "estimate": days_text(one.item),
            "without it": one.item.failure_without,
            "source": one.item.source,
        }
        for one in items
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["work", "estimate", "without it", "source"])
