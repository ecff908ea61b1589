"""simlib theory: what the simulator says beside what is known exactly."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import Interrupted, console, print_json, tell
from simlib.commands.progress import heard_interrupts

if TYPE_CHECKING:
    from simlib.experiment.validation import Checked
    from simlib.scenario.scenario import Scenario

BUNDLED = "batch-workers"


def theory(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]", help="A scenario with a closed load: a file, or the name of a bundled one."
        ),
    ] = None,
    replications: Annotated[int | None, typer.Option(metavar="N", help="Runs per design of the scenario.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of all random numbers.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes for the scenario's runs.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Hold the simulator against queueing theory: both answers side by side, with 99 % intervals.

    Without SCENARIO: M/M/1, M/M/4, M/D/1, M/G/1-PS, RS-AS-RS, closed networks, then the bundled batch-workers. With
    SCENARIO: that one alone, every design beside exact mean value analysis (Reiser and Lavenberg 1980), whose demands
    are read off a run of one user. A sentence says where the analysis is an approximation. Writes no files.

    \b
    Examples:
      simlib theory                                   (about half a minute)
      simlib theory batch-workers --replications 20
      simlib theory my-closed-load.toml --json

    Of a hundred true intervals of 99 %, one misses. Exit status: 0, 2 for bad input, 130 after Ctrl-C.
    """
    from simlib.commands.overrides import Overrides, chosen_scenario
    from simlib.deployment.simulate import check_budget
    from simlib.experiment.closed_validation import check_within_reach, departures

    chosen = chosen_scenario(scenario or BUNDLED, Overrides(replications=replications, seed=seed))
    check_within_reach(chosen)
    check_budget(chosen)
    with heard_interrupts() as ask:
        try:
            found = [] if scenario else _textbook(seed, ask)
            found += _scenario(chosen, workers, ask)
        except KeyboardInterrupt:
            raise Interrupted("nothing was written") from None
    notes = departures(chosen)
    if json:
        print_json({"level": found[0].simulated.level, "checked": [_row(one) for one in found], "notes": list(notes)})
    else:
        _show(found, notes)


def _textbook(seed: int | None, ask: Callable[[], None]) -> "list[Checked]":
    from simlib.experiment.validation import textbook_cases

    found: list[Checked] = []
    for case in textbook_cases() if seed is None else textbook_cases(seed):
        tell(f"simulating: {case.network}")
        found += case()
        ask()
    return found


def _scenario(scenario: "Scenario", workers: int | None, ask: Callable[[], None]) -> "list[Checked]":
    from simlib.commands.progress import progress
    from simlib.experiment import compare
    from simlib.experiment.validation import checked_scenario
    from simlib.experiment.workers import usable_cpus

    runs = len(scenario.designs) * scenario.run.replications
    with progress(runs) as tell_progress:

        def told(done: int, total: int) -> None:
            ask()
            tell_progress(done, total)

        compared = compare(scenario, workers=min(workers or usable_cpus(), runs), progress=told)
    return list(checked_scenario(compared))


def _row(one: "Checked") -> dict[str, Any]:
    interval = one.simulated
    known = interval.n > 1
    return {
        "network": one.network,
        "quantity": one.quantity.label,
        "unit": one.quantity.unit,
        "theory": one.theory,
        "simulated": interval.mean,
        "low": interval.low if known else None,
        "high": interval.high if known else None,
        "replications": interval.n,
        "inside": one.inside if known else None,
    }


def _show(found: "list[Checked]", notes: tuple[str, ...]) -> None:
    from rich import box
    from rich.table import Table

    from simlib.commands.compare_terminal import bullets

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("network", "quantity"):
        table.add_column(title, overflow="fold")
    for title in ("theory", "simulated", "inside?"):
        table.add_column(title, justify="right", no_wrap=True)
    network = ""
    for one in found:
        unit = f", {one.quantity.unit}" if one.quantity.unit else ""
        name, network = "" if one.network == network else one.network, one.network
        table.add_row(name, one.quantity.label + unit, *_cells(one))
    screen = console()
    screen.print(table)
    known = [one for one in found if one.simulated.n > 1]
    inside = sum(one.inside for one in known)
    screen.print(
        f"{inside} of {len(known)} exact values lie inside the {found[0].simulated.level * 100:g} % intervals",
        style="dim",
    )
    if notes:
        screen.print()
        screen.print(bullets(notes))


def _cells(one: "Checked") -> tuple[str, str, str]:
    interval = one.simulated
    if interval.n < 2:
        return f"{one.theory:.4g}", f"{interval.mean:.4g}", "not known"
    return (
        f"{one.theory:.4g}",
        f"{interval.mean:.4g} ± {interval.half_width:.2g}",
        "yes" if one.inside else "NO",
    )
