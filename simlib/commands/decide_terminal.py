"""A decision in a terminal: limits first, then the ranking, then the verdict and what it hangs on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.commands.compare_terminal import bullets
from simlib.commands.console import console
from simlib.decision.choice.results import Decision, LimitOutcome
from simlib.report.record.assumptions import assumption_sentence
from simlib.report.record.drivers import driver_sentences, main_sensitivity, told_against
from simlib.report.record.outcome import currency, equivalences, level, verdict, years
from simlib.report.record.rows import (
    MARKS,
    Amount,
    Gained,
    LimitRow,
    RankingRow,
    limit_rows,
    open_sentences,
    out_sentences,
    ranking_rows,
    references,
)
from simlib.report.record.worth import decisive, missing, never_pays, pair, pays

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_STYLES = {"met": "green", "broken": "red", "unstable": "red", "undecided": "yellow", "undefined": "yellow"}
_VERDICTS = {"choose": "bold green", "equivalent": "bold", "undecided": "bold yellow", "none": "bold red"}


def print_decision(decision: Decision, out: Path | None) -> None:
    """What is said about a decision, to standard output; ``out`` is the folder of its record."""
    screen = console()
    _limits(screen, decision)
    _ranking(screen, decision)
    screen.print("\nVerdict", style="bold")
    screen.print(verdict(decision), style=_VERDICTS[decision.word])
    _listed(screen, "", equivalences(decision))
    _listed(screen, "Break-even, and the reverse question", _break_even(decision))
    _drivers(screen, decision)
    _listed(screen, "Mind", (assumption_sentence(decision), *decision.left_out))
    if out is not None:
        screen.print(f"\nRecord: {out / 'decision.md'}  Page: {out / 'report.html'}", soft_wrap=True)


# --- limits ----------------------------------------------------------------------------------------------------------


def _limits(screen: "Console", decision: Decision) -> None:
    from rich.table import Table

    screen.print("\nLimits", style="bold")
    rows = limit_rows(decision)
    if not rows:
        screen.print("none are set ([limits] of the scenario)", style="dim")
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    for row in rows:
        grid.add_row(row.mark, _limit(row))
    screen.print(grid)
    for sentence in (*out_sentences(decision), *open_sentences(decision)):
        screen.print(sentence)


def _limit(row: LimitRow) -> "Text":
    from rich.text import Text

    text = Text(f"{row.wanted}: ")
    for number, (design, own) in enumerate(row.outcomes.items()):
        text.append(", " if number else "")
        text.append(MARKS[own.word], _STYLES[own.word])  # no space behind it, where a line might end
        text.append(f"{design} ")
        text.append(_seen(own), "dim")
    return text


def _seen(own: LimitOutcome) -> str:
    """What was found; the interval only where it matters, it is in the record anyway."""
    return own.found.partition(" (")[0] if own.word == "met" else own.found


# --- ranking ---------------------------------------------------------------------------------------------------------


def _ranking(screen: "Console", decision: Decision) -> None:
    screen.print("\nRanking", style="bold")
    screen.print(ranking_table(decision))
    screen.print(
        f"means and {level(decision)} intervals of {decision.draws:,} draws; money in {currency(decision)}, "
        f"net present value (NPV) over {years(decision)}; effort is estimated, servers are simulated",
        style="dim",
    )


def ranking_table(decision: Decision) -> "Table":
    """A design per row: what it takes, costs and is worth."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("")
    table.add_column("design", overflow="fold")
    against = (f"NPV against\n{name}" for name in references(decision))
    for title in ("days\nonce", "days\na year", "running,\na year"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in against:
        table.add_column(title, justify="right", overflow="fold")
    table.add_column("best\nin", justify="right", no_wrap=True)
    for row in ranking_rows(decision):
        table.add_row(*_cells(row))
    return table


def _cells(row: RankingRow) -> "list[Text]":
    from rich.text import Text

    style = "" if row.place != "out" else "red"
    return [
        Text(row.place, style),
        Text(row.design, style),
        *(_amount(own, brief=True) for own in (row.effort_days, row.yearly_days, row.running_cost)),
        *(_gained(own) for own in row.gained),
        Text(_short(row.p_best)),
    ]


def _amount(own: Amount, *, brief: bool = False) -> "Text":
    """``brief`` intervals have a dash between their ends, which are never negative."""
    from rich.text import Text

    text = Text(own.mean)
    told = (
        own.interval.replace(" to ", "\N{EN DASH}") if brief and "\N{MINUS SIGN}" not in own.interval else own.interval
    )
    return text.append(f"\n{told}", "dim") if told else text


def _gained(own: Gained | None) -> "Text":
    from rich.text import Text

    if own is None:
        return Text("-", "dim")
    return _amount(own.npv).append(f"\n> 0 in {_short(own.p_positive)}", "dim")


def _short(chance: str) -> str:
    return chance.replace("over ", ">").replace("under ", "<")


# --- what it hangs on ------------------------------------------------------------------------------------------------


def _break_even(decision: Decision) -> tuple[str, ...]:
    """One line per pair, but one for all that pay at no load."""
    unit, every = currency(decision), decisive(decision)
    never = [own for own in every if not own.crossings and own.always == "worse"]
    if len(never) > 1:
        every = [own for own in every if own not in never]
    lines = [f"{pair(own)} {pays(own)}; {missing(own, unit)}." for own in every]
    return (*lines, f"{never_pays(never, unit)}.") if len(never) > 1 else tuple(lines)


def _drivers(screen: "Console", decision: Decision) -> None:
    own = main_sensitivity(decision)
    if own is not None:
        _listed(screen, f"What drives {told_against(own)}", driver_sentences(decision))


def _listed(screen: "Console", title: str, sentences: Sequence[str]) -> None:
    if not sentences:
        return
    if title:
        screen.print(f"\n{title}", style="bold")
    screen.print(bullets(sentences))
