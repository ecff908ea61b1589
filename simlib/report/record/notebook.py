"""What notebooks show of a decision: its limits and its ranking as tables."""

from typing import TYPE_CHECKING

from simlib.decision.choice.results import Decision
from simlib.report.record.rows import MARKS, Amount, Gained, RankingRow, limit_rows, ranking_rows, references

if TYPE_CHECKING:
    import pandas as pd


def limits_table(decision: Decision) -> "pd.DataFrame":
    """Limits down, designs across: a mark and what was found."""
    import pandas as pd

    cells = {
        row.wanted: {design: f"{MARKS[own.word]} {own.found}" for design, own in row.outcomes.items()}
        for row in limit_rows(decision)
    }
    return pd.DataFrame.from_dict(cells, orient="index", columns=list(decision.scenario.designs))


def ranking_table(decision: Decision) -> "pd.DataFrame":
    """Designs down: place, person-days, money a year and in all, net present values with intervals, and chances."""
    import pandas as pd

    return pd.DataFrame([_row(decision, row) for row in ranking_rows(decision)]).set_index("design")


def _row(decision: Decision, row: RankingRow) -> dict[str, str]:
    unit = decision.scenario.prices.currency
    against = zip(references(decision), row.gained, strict=True)
    return {
        "design": row.design,
        "place": row.place,
        "person-days once": _told(row.effort_days),
        "person-days a year": _told(row.yearly_days),
        f"running cost and losses a year, {unit}": _told(row.running_cost),
        f"total cost, {unit}": _told(row.total_cost),
        **{f"NPV against {name}, {unit}": _gained(own) for name, own in against},
        "best in": row.p_best,
    }


def _gained(own: Gained | None) -> str:
    return "-" if own is None else f"{_told(own.npv)}, > 0 in {own.p_positive}"


def _told(own: Amount) -> str:
    return f"{own.mean} ({own.interval})" if own.interval else own.mean
