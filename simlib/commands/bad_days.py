"""Command `simlib bad-days`: fault injection, one fault at a time, into every design of a scenario."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console
from simlib.commands.options import Json, Profile, Seed, Source, Workers
from simlib.commands.runner import count_workers, describe_missing_output, print_answer, run_interruptibly
from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    from simlib.experiment.bad_days_plan import DaysPlan


def bad_days(
    scenario: Source,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write figures and tables into this folder.")] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this day, in detail; may be given several times.")
    ] = None,
    standard: Annotated[
        bool, typer.Option("--standard", help="The standard days as well, where the scenario has faults of its own.")
    ] = False,
    length: Annotated[float | None, typer.Option(metavar="S", help="Simulated seconds of a day.")] = None,
    replications: Annotated[int | None, typer.Option(metavar="N", min=1, help="Runs per day and design.")] = None,
    in_time: Annotated[float, typer.Option(metavar="S", help="Answers that take longer than this are late.")] = 1.0,
    seed: Seed = None,
    workers: Workers = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Inject one fault at a time into every design of a scenario, and measure how users are served.

    A scenario with [world.faults] is run with these, one at a time; others with seventeen standard days, such as an
    authorization server that is down, a key rotation, a flood of forged tokens, a retry storm. Availability is the
    share of the users' requests during the fault that got the correct answer in time. Every day is compared with the
    same day and the same requests without a fault. Standard days are short and have few replications; --length and
    --replications change that.

    \b
    Examples:
      simlib bad-days busy-api
      simlib bad-days busy-api --fault as_down --fault mass_logout
      simlib bad-days busy-api --fault as_down --length 900       (an outage of five minutes)
      simlib bad-days web-shop --out days/
      simlib bad-days my.toml --standard --json

    Exit status: 0, 2 for bad input or a killed worker process, 130 after Ctrl-C, 143 after SIGTERM. The folder must be
    new or empty; it appears complete or not at all.
    """
    from simlib.commands.overrides import Overrides, load_chosen_scenario
    from simlib.experiment.atomic_folder import check_folder
    from simlib.experiment.bad_days_plan import plan_bad_days

    if not 0 < in_time < float("inf"):
        raise InputError(f"--in-time {in_time:g}: a finite number of seconds above 0")
    if length is not None and not 0 < length < float("inf"):
        raise InputError(f"--length {length:g}: seconds above 0")
    chosen = load_chosen_scenario(scenario, Overrides(seed=seed, profile=profile))
    plan = plan_bad_days(chosen, standard=standard, only=tuple(fault or ()), length_s=length, replications=replications)
    if out is not None:
        check_folder(out, "--out")
    _run(plan, bool(fault), out, in_time, workers, json)


def _run(plan: "DaysPlan", detailed: bool, out: Path | None, in_time: float, workers: int | None, json: bool) -> None:
    from simlib.decision.bad_days import judge_bad_days
    from simlib.experiment.bad_days import run_bad_days
    from simlib.report.bad_days_report import write_bad_days

    if not json:
        open_console().print(_describe_plan(plan, in_time))
    with run_interruptibly(lambda: describe_missing_output(out, "no report"), out) as run:
        with run.show_progress(plan.runs) as progress:
            count = count_workers(workers, plan.runs)
            days = run_bad_days(plan, in_time_s=in_time, workers=count, progress=progress)
        cells = judge_bad_days(days)
        run.raise_if_interrupted()
        folder = None if out is None else write_bad_days(out, days, cells)

    def build_document() -> dict[str, Any]:
        from simlib.report.bad_days_tables import build_bad_days_document

        return {**build_bad_days_document(days, cells), "folder": None if folder is None else str(folder)}

    def print_text() -> None:
        from simlib.commands.bad_days_terminal import print_bad_days

        print_bad_days(days, cells, detailed, out)

    print_answer(json, build_document, print_text)


def _describe_plan(plan: "DaysPlan", in_time: float) -> str:
    run, days = plan.scenario.run, len(plan.days)
    caches = "caches and key sets of any age" if run.caches == "stationary" else "empty caches"
    return (
        f"{plan.scenario.title}: {days} bad day{'' if days == 1 else 's'} and one without a fault; "
        f"{', '.join(plan.scenario.designs)}; {run.replications} replication{'' if run.replications == 1 else 's'} of "
        f"{plan.scenario.horizon_s:g} s, of which {run.warm_up_s:g} s are warm-up, beginning with {caches}; windows of "
        f"{plan.window_s:g} s; an answer is late after {in_time:g} s"
    )
