"""simlib bad-days: one thing goes wrong at a time, on every design."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simlib.commands.console import Interrupted, console, print_json
from simlib.commands.progress import heard_interrupts
from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    from simlib.experiment.bad_days import BadDays, DaysPlan


def bad_days(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario file, a run.json, or the name of a bundled one.")
    ],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write figures and tables into this folder.")] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this day, in detail; may be given several times.")
    ] = None,
    standard: Annotated[
        bool, typer.Option("--standard", help="The standard days as well, where the scenario has faults of its own.")
    ] = False,
    length: Annotated[float | None, typer.Option(metavar="S", help="Simulated seconds of a day.")] = None,
    replications: Annotated[int | None, typer.Option(metavar="N", min=1, help="Runs per day and design.")] = None,
    in_time: Annotated[float, typer.Option(metavar="S", help="An answer after so many seconds is late.")] = 1.0,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of all random numbers.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes; by default one per CPU.")] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME_OR_CSV", help="Cost profile in place of the scenario's.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """What becomes of the users when something goes wrong: each fault alone, on every design of a scenario.

    A scenario with [world.faults] is tried with these, one at a time; others with seventeen standard days, such as an
    authorization server that is down, a key rotation, a flood of forged tokens, a retry storm. Availability is the
    share of the users' requests during the fault that got the right answer in time. Every day is held against the same
    day, with the same requests, on which nothing goes wrong. Standard days are short and few; --length and
    --replications change that.

    \b
    Examples:
      simlib bad-days busy-api
      simlib bad-days busy-api --fault as_down --fault mass_logout
      simlib bad-days busy-api --fault as_down --length 900       (an outage of five minutes)
      simlib bad-days web-shop --out days/
      simlib bad-days my.toml --standard --json

    Exit status: 0, 2 for bad input, 130 after Ctrl-C. The folder must be new or empty; it appears whole or not at all.
    """
    from simlib.commands.overrides import Overrides, chosen_scenario
    from simlib.experiment.atomic_folder import check_folder
    from simlib.experiment.bad_days import plan_bad_days

    if not in_time > 0:
        raise InputError(f"--in-time {in_time:g}: seconds above 0")
    if length is not None and not 0 < length < float("inf"):
        raise InputError(f"--length {length:g}: seconds above 0")
    chosen = chosen_scenario(scenario, Overrides(seed=seed, profile=profile))
    plan = plan_bad_days(chosen, standard=standard, only=tuple(fault or ()), length_s=length, replications=replications)
    if out is not None:
        check_folder(out, "--out")
    _run(plan, bool(fault), out, in_time, workers, json)


def _run(plan: "DaysPlan", detailed: bool, out: Path | None, in_time: float, workers: int | None, json: bool) -> None:
    from simlib.decision.bad_days import judge_bad_days
    from simlib.report.bad_days_report import write_bad_days

    with heard_interrupts() as ask:
        try:
            days = _simulated(plan, in_time, workers, json, ask)
            cells = judge_bad_days(days)
            ask()
            folder = None if out is None else write_bad_days(out, days, cells)
        except KeyboardInterrupt:
            raise Interrupted("nothing was written" if out is None else f"no report was written to {out}") from None
    if json:
        from simlib.report.bad_days_tables import bad_days_document

        print_json({**bad_days_document(days, cells), "folder": None if folder is None else str(folder)})
    else:
        from simlib.commands.bad_days_terminal import print_bad_days

        print_bad_days(days, cells, detailed, out)


def _simulated(
    plan: "DaysPlan", in_time: float, workers: int | None, quiet: bool, ask: Callable[[], None]
) -> "BadDays":
    import warnings

    from simlib.commands.progress import progress
    from simlib.experiment.bad_days import run_bad_days
    from simlib.experiment.workers import usable_cpus

    # joblib's advice for programmers, which Ctrl-C would bring up.
    warnings.filterwarnings("ignore", message=r"\d+ tasks which were still being processed")
    if not quiet:
        console().print(_introduction(plan, in_time))
    with progress(plan.runs) as tell_progress:

        def told(done: int, total: int) -> None:
            ask()
            tell_progress(done, total)

        count = min(workers or usable_cpus(), plan.runs)
        return run_bad_days(plan, in_time_s=in_time, workers=count, progress=told)


def _introduction(plan: "DaysPlan", in_time: float) -> str:
    run, days = plan.scenario.run, len(plan.days)
    caches = "caches and key sets of any age" if run.caches == "stationary" else "empty caches"
    return (
        f"{plan.scenario.title}: {days} bad day{'' if days == 1 else 's'} and one without a fault; "
        f"{', '.join(plan.scenario.designs)}; {run.replications} replication{'' if run.replications == 1 else 's'} of "
        f"{plan.scenario.horizon_s:g} s, of which {run.warm_up_s:g} s are warm-up, beginning with {caches}; windows of "
        f"{plan.window_s:g} s; an answer is late after {in_time:g} s"
    )
