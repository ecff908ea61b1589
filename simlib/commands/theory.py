"""Command `simlib theory`: simulated values beside exact ones of queueing theory."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console, print_status
from simlib.commands.options import Json, Seed, Workers
from simlib.commands.runner import CommandRun, count_workers, print_answer, run_interruptibly

if TYPE_CHECKING:
    from simlib.experiment.validation import TheoryCheck
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
    seed: Seed = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Validate the simulator against queueing theory: exact and simulated values side by side, with 99 % intervals.

    Without SCENARIO: M/M/1, M/M/4, M/D/1, M/G/1-PS, RS-AS-RS, closed networks, then the bundled batch-workers. With
    SCENARIO: that one alone, every design beside exact mean value analysis (Reiser and Lavenberg 1980), whose demands
    are measured in a run with one user. A sentence says where the analysis is an approximation. Writes no files.

    \b
    Examples:
      simlib theory                                   (about half a minute)
      simlib theory batch-workers --replications 20
      simlib theory my-closed-load.toml --json

    Of a hundred 99 % intervals, one misses the exact value on average.

    Exit status: 0, 2 for bad input or a killed worker process, 130 after Ctrl-C, 143 after SIGTERM.
    """
    from simlib.commands.overrides import Overrides, load_chosen_scenario
    from simlib.deployment.simulate import check_budget
    from simlib.experiment.closed_validation import check_solvable, list_approximations

    chosen = load_chosen_scenario(scenario or BUNDLED, Overrides(replications=replications, seed=seed))
    check_solvable(chosen)
    check_budget(chosen)
    with run_interruptibly(lambda: "nothing was written") as run:
        checks = [] if scenario else _check_textbook_cases(seed, run)
        checks += _check_scenario(chosen, workers, run)
    notes = list_approximations(chosen)
    print_answer(json, lambda: _build_document(checks, notes), lambda: _print_checks(checks, notes))


def _check_textbook_cases(seed: int | None, run: CommandRun) -> "list[TheoryCheck]":
    from simlib.experiment.validation import list_textbook_cases

    checks: list[TheoryCheck] = []
    for case in list_textbook_cases() if seed is None else list_textbook_cases(seed):
        print_status(f"simulating: {case.network}")
        checks += case()
        run.raise_if_interrupted()
    return checks


def _check_scenario(scenario: "Scenario", workers: int | None, run: CommandRun) -> "list[TheoryCheck]":
    from simlib.experiment import compare
    from simlib.experiment.validation import check_scenario

    runs = len(scenario.designs) * scenario.run.replications
    with run.show_progress(runs) as progress:
        comparison = compare(scenario, workers=count_workers(workers, runs), progress=progress)
    return list(check_scenario(comparison))


def _build_document(checks: "list[TheoryCheck]", notes: tuple[str, ...]) -> dict[str, Any]:
    rows = [_build_row(check) for check in checks]
    return {"level": checks[0].simulated.level, "checked": rows, "notes": list(notes)}


def _build_row(check: "TheoryCheck") -> dict[str, Any]:
    interval = check.simulated
    has_spread = interval.n > 1
    return {
        "network": check.network,
        "quantity": check.quantity.label,
        "unit": check.quantity.unit,
        "theory": check.theory,
        "simulated": interval.mean,
        "low": interval.low if has_spread else None,
        "high": interval.high if has_spread else None,
        "replications": interval.n,
        "inside": check.is_inside if has_spread else None,
    }


def _print_checks(checks: "list[TheoryCheck]", notes: tuple[str, ...]) -> None:
    from rich import box
    from rich.table import Table

    from simlib.commands.compare_terminal import build_bullets

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("network", "quantity"):
        table.add_column(title, overflow="fold")
    for title in ("theory", "simulated", "inside?"):
        table.add_column(title, justify="right", no_wrap=True)
    network = ""
    for check in checks:
        unit = f", {check.quantity.unit}" if check.quantity.unit else ""
        name, network = "" if check.network == network else check.network, check.network
        table.add_row(name, check.quantity.label + unit, *_format_cells(check))
    screen = open_console()
    screen.print(table)
    with_spread = [check for check in checks if check.simulated.n > 1]
    inside = sum(check.is_inside for check in with_spread)
    screen.print(
        f"{inside} of {len(with_spread)} exact values lie inside the {checks[0].simulated.level * 100:g} % intervals",
        style="dim",
    )
    if notes:
        screen.print()
        screen.print(build_bullets(notes))


def _format_cells(check: "TheoryCheck") -> tuple[str, str, str]:
    interval = check.simulated
    if interval.n < 2:
        return f"{check.theory:.4g}", f"{interval.mean:.4g}", "not known"
    return (
        f"{check.theory:.4g}",
        f"{interval.mean:.4g} ± {interval.half_width:.2g}",
        "yes" if check.is_inside else "NO",
    )
