"""Tables of a decision for notebooks: its limits and its ranking."""

from typing import TYPE_CHECKING

from simlib.decision.choice.results import Decision
from simlib.report.record.rows import (
    MARKS,
    Amount,
    NetValue,
    RankingRow,
    build_limit_rows,
    build_ranking_rows,
    list_references,
)

if TYPE_CHECKING:
    import pandas as pd


def tabulate_limits(decision: Decision) -> "pd.DataFrame":
    """Limits down, designs across: a mark and the value of each design."""
    import pandas as pd

    cells = {
        row.requirement: {design: f"{MARKS[outcome.word]} {outcome.found}" for design, outcome in row.outcomes.items()}
        for row in build_limit_rows(decision)
    }
    return pd.DataFrame.from_dict(cells, orient="index", columns=list(decision.scenario.designs))


def tabulate_ranking(decision: Decision) -> "pd.DataFrame":
    """Designs down: place, person-days, cost per year and in total, net present values with intervals, and chances."""
    import pandas as pd

    return pd.DataFrame([_build_row(decision, row) for row in build_ranking_rows(decision)]).set_index("design")


def _build_row(decision: Decision, row: RankingRow) -> dict[str, str]:
    unit = decision.scenario.prices.currency
    against = zip(list_references(decision), row.net_values, strict=True)
    return {
        "design": row.design,
        "place": row.place,
        "person-days once": _format_amount(row.effort_days),
        "person-days a year": _format_amount(row.yearly_days),
        f"running cost and losses a year, {unit}": _format_amount(row.running_cost),
        f"total cost, {unit}": _format_amount(row.total_cost),
        **{f"NPV against {name}, {unit}": _format_net_value(value) for name, value in against},
        "best in": row.p_best,
    }


def _format_net_value(value: NetValue | None) -> str:
    return "-" if value is None else f"{_format_amount(value.npv)}, > 0 in {value.p_positive}"


def _format_amount(amount: Amount) -> str:
    return f"{amount.mean} ({amount.interval})" if amount.interval else amount.mean
