"""Decision in a terminal: limits first, then the ranking, the verdict and what it depends on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.commands.compare_terminal import build_bullets
from simlib.commands.console import open_console
from simlib.commands.streams import can_encode
from simlib.decision.choice.results import Decision
from simlib.decision.limits import LimitOutcome
from simlib.report.record.drivers import choose_sensitivity, describe_main_drivers, name_net_present_value
from simlib.report.record.inputs import describe_assumptions
from simlib.report.record.net_present_value import (
    describe_missing_value,
    describe_never_paying,
    describe_paying_loads,
    list_decisive_pairs,
    name_pair,
)
from simlib.report.record.outcome import (
    describe_equivalences,
    describe_verdict,
    find_currency,
    format_horizon,
    format_level,
)
from simlib.report.record.robustness import (
    SWITCH_TITLE,
    describe_alternatives,
    describe_assumed_values,
    describe_common_costs,
    describe_main_switches,
)
from simlib.report.record.rows import (
    EXCLUDED,
    MARKS,
    Amount,
    LimitRow,
    NetValue,
    RankingRow,
    build_limit_rows,
    build_ranking_rows,
    describe_excluded_designs,
    describe_limit_caveats,
    describe_undecided_limits,
    list_references,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_STYLES = {"met": "green", "broken": "red", "unstable": "red", "undecided": "yellow", "undefined": "yellow"}
_VERDICTS = {"choose": "bold green", "equivalent": "bold", "undecided": "bold yellow", "none": "bold red"}


def print_decision(decision: Decision, out: Path | None) -> None:
    """Print a decision; ``out`` is the folder of its record."""
    screen = open_console()
    _print_limits(screen, decision)
    _print_ranking(screen, decision)
    screen.print("\nVerdict", style="bold")
    screen.print(describe_verdict(decision), style=_VERDICTS[decision.word])
    rests = (*describe_alternatives(decision), *describe_assumed_values(decision))
    _print_list(screen, "", (*describe_equivalences(decision), *rests))
    _print_list(screen, f"Switch values: {SWITCH_TITLE}", describe_main_switches(decision))
    _print_list(screen, "Break-even, and the value of requests at which it would pay", _describe_break_even(decision))
    _print_drivers(screen, decision)
    _print_list(screen, "Assumptions and omissions", (describe_assumptions(decision), *decision.left_out))
    if out is not None:
        screen.print(f"\nRecord: {out / 'decision.md'}  Page: {out / 'report.html'}", soft_wrap=True)


# --- limits ----------------------------------------------------------------------------------------------------------


def _print_limits(screen: "Console", decision: Decision) -> None:
    from rich.table import Table

    screen.print("\nLimits", style="bold")
    rows = build_limit_rows(decision)
    if not rows:
        screen.print("none are set ([limits] of the scenario)", style="dim")
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    for row in rows:
        grid.add_row(row.mark, _format_limit(row))
    screen.print(grid)
    excluded, undecided = describe_excluded_designs(decision), describe_undecided_limits(decision)
    for sentence in (*excluded, *undecided, *describe_limit_caveats(decision)):
        screen.print(sentence)


def _format_limit(row: LimitRow) -> "Text":
    from rich.text import Text

    text = Text(f"{row.requirement}: ")
    for number, (design, outcome) in enumerate(row.outcomes.items()):
        text.append(", " if number else "")
        text.append(_format_mark(outcome), _STYLES[outcome.word])
        text.append(f"{design} ")
        text.append(_format_finding(outcome), "dim")
    return text


def _format_mark(outcome: LimitOutcome) -> str:
    """The mark without a space behind it, where a line might end; a word that stands for it needs one."""
    mark = MARKS[outcome.word]
    return mark if can_encode(mark) else f"{mark} "


def _format_finding(outcome: LimitOutcome) -> str:
    """The measured value; its interval only where it matters, for it is in the record."""
    return outcome.found.partition(" (")[0] if outcome.word == "met" else outcome.found


# --- ranking ---------------------------------------------------------------------------------------------------------


def _print_ranking(screen: "Console", decision: Decision) -> None:
    screen.print("\nRanking", style="bold")
    screen.print(build_ranking_table(decision))
    screen.print(
        f"means and {format_level(decision)} intervals of {decision.draws:,} draws, given these estimates; best in: "
        f"share of the draws; money in {find_currency(decision)}, net present value (NPV) over "
        f"{format_horizon(decision)}; effort is estimated, servers are simulated",
        style="dim",
    )
    for sentence in describe_common_costs(decision):
        screen.print(sentence)


def build_ranking_table(decision: Decision) -> "Table":
    """One row per design: effort, cost and net present value."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("")
    table.add_column("design", overflow="fold")
    against = (f"NPV against\n{name}" for name in list_references(decision))
    for title in ("days\nonce", "days\na year", "running,\na year"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in against:
        table.add_column(title, justify="right", overflow="fold")
    table.add_column("best\nin", justify="right", no_wrap=True)
    for row in build_ranking_rows(decision):
        table.add_row(*_build_cells(row))
    return table


def _build_cells(row: RankingRow) -> "list[Text]":
    from rich.text import Text

    style = "" if row.place != EXCLUDED else "red"
    return [
        Text(row.place, style),
        Text(row.design, style),
        *(_format_amount(amount, brief=True) for amount in (row.effort_days, row.yearly_days, row.running_cost)),
        *(_format_net_value(value) for value in row.net_values),
        Text(_abbreviate_chance(row.p_best)),
    ]


def _format_amount(amount: Amount, *, brief: bool = False) -> "Text":
    """Mean and interval; ``brief``: a dash between the ends, unless one is negative."""
    from rich.text import Text

    text = Text(amount.mean)
    interval = amount.interval
    if brief and "\N{MINUS SIGN}" not in interval:
        interval = interval.replace(" to ", "\N{EN DASH}")
    return text.append(f"\n{interval}", "dim") if interval else text


def _format_net_value(value: NetValue | None) -> "Text":
    from rich.text import Text

    if value is None:
        return Text("-", "dim")
    return _format_amount(value.npv).append(f"\n> 0 in {_abbreviate_chance(value.p_positive)}", "dim")


def _abbreviate_chance(chance: str) -> str:
    return chance.replace("over ", ">").replace("under ", "<")


# --- what it depends on ----------------------------------------------------------------------------------------------


def _describe_break_even(decision: Decision) -> tuple[str, ...]:
    """One line per pair, but a common one for all designs that pay at no load."""
    unit, pairs = find_currency(decision), list_decisive_pairs(decision)
    never = [pair for pair in pairs if not pair.crossings and pair.always == "worse"]
    if len(never) > 1:
        pairs = [pair for pair in pairs if pair not in never]
    lines = [
        f"{name_pair(pair)} in the mean {describe_paying_loads(pair)}; {describe_missing_value(pair, unit)}."
        for pair in pairs
    ]
    return (*lines, f"{describe_never_paying(never, unit)}.") if len(never) > 1 else tuple(lines)


def _print_drivers(screen: "Console", decision: Decision) -> None:
    sensitivity = choose_sensitivity(decision)
    if sensitivity is not None:
        _print_list(screen, f"Sensitivity of {name_net_present_value(sensitivity)}", describe_main_drivers(decision))


def _print_list(screen: "Console", title: str, sentences: Sequence[str]) -> None:
    if not sentences:
        return
    if title:
        screen.print(f"\n{title}", style="bold")
    screen.print(build_bullets(sentences))
