"""simlib sweep: the same designs at many loads, or with many lifetimes of a cache."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simlib.commands.console import Interrupted, console, print_json
from simlib.commands.progress import heard_interrupts
from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from simlib.experiment.sweep_plan import SweepPlan


def sweep(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario file, a run.json, or the name of a bundled one.")
    ],
    over: Annotated[
        str, typer.Option(metavar="load|ttl|KEY", help="What is varied; KEY as in the file: world.service.work.mean_s.")
    ],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write figure and tables into this folder.")] = None,
    values: Annotated[
        str | None, typer.Option(metavar="X,Y,...", help="Values, in the unit of the file. Chosen if left out.")
    ] = None,
    design: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this design; may be given several times.")
    ] = None,
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="Left half of the figure, such as mean_s, p99_s (not with ttl).")
    ] = "p95_s",
    length: Annotated[
        float | None, typer.Option(metavar="S", help="Simulated seconds of a run, warm-up included.")
    ] = None,
    replications: Annotated[int | None, typer.Option(metavar="N", min=1, help="Runs per design and value.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of all random numbers.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes; by default one per CPU.")] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME_OR_CSV", help="Cost profile in place of the scenario's.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Run the designs of a scenario at several values of one thing, and draw what comes out, with intervals.

    load: latency up to the knee, and how busy the authorization server is; a line ends where its design does not keep
    up. ttl: hit ratio of a cache and exposure after revocation against its time to live, beside the closed form
    r / (1 + r). Any key: as load. Runs are shorter and fewer than the scenario's own where a sweep would take long;
    --length and --replications change that.

    \b
    Examples:
      simlib sweep web-shop --over load --out load/
      simlib sweep web-shop --over ttl --out ttl/
      simlib sweep web-shop --over ttl --design opaque_cached --design jwt --values 5,30,120
      simlib sweep web-shop --over world.service.work.mean_s --values 0.002,0.008 --metric mean_s

    Exit status: 0, 2 for bad input, 130 after Ctrl-C. The folder must be new or empty; it appears whole or not at all.
    """
    from simlib.commands.overrides import Overrides, chosen_scenario
    from simlib.experiment.atomic_folder import check_folder
    from simlib.experiment.sweep_plan import sweep_plan

    chosen = chosen_scenario(scenario, Overrides(seed=seed, profile=profile))
    _check_metric(metric)
    plan = sweep_plan(chosen, over, design or (), _numbers(values), length, replications)
    if out is not None:
        check_folder(out, "--out")
    _run(plan, metric, out, workers, json)


def _run(plan: "SweepPlan", metric: str, out: Path | None, workers: int | None, json: bool) -> None:
    from simlib.report.sweep_report import sweep_figure, write_sweep

    with heard_interrupts() as ask:
        try:
            frame = _simulated(plan, workers, json, ask)
            drawn = sweep_figure(plan, frame, metric)
            ask()
            folder = None if out is None else write_sweep(out, plan, frame, drawn)
        except KeyboardInterrupt:
            raise Interrupted("nothing was written" if out is None else f"no sweep was written to {out}") from None
    if json:
        from simlib.report.sweep_report import sweep_document

        print_json({**sweep_document(plan, frame, drawn[1]), "folder": None if folder is None else str(folder)})
    else:
        _tell(plan, frame, metric, out)


def _check_metric(name: str) -> None:
    from simlib.analysis.metrics import METRICS
    from simlib.scenario.errors import unknown

    if name not in METRICS:
        raise InputError(f"--metric: {unknown('metric', name, METRICS)}")


def _numbers(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        return tuple(float(piece) for piece in text.split(","))
    except ValueError as error:
        raise InputError(f"--values {text}: numbers with commas between them, such as 5,30,120") from error


def _simulated(plan: "SweepPlan", workers: int | None, quiet: bool, ask: Callable[[], None]) -> "pd.DataFrame":
    import warnings

    from simlib.commands.progress import progress
    from simlib.experiment import sweep as run_sweep
    from simlib.experiment.workers import usable_cpus

    # joblib's advice for programmers, which Ctrl-C would bring up.
    warnings.filterwarnings("ignore", message=r"\d+ tasks which were still being processed")
    if not quiet:
        run = plan.scenario.run
        console().print(
            f"{plan.scenario.title}: {plan.key} = {', '.join(f'{value:g}' for value in plan.values)}; "
            f"{', '.join(plan.scenario.designs)}; {run.replications} replications of {run.length_s:g} s, "
            f"of which {run.warm_up_s:g} s are warm-up"
        )
    with progress(plan.runs) as tell_progress:

        def told(done: int, total: int) -> None:
            ask()
            tell_progress(done, total)

        count = min(workers or usable_cpus(), plan.runs)
        return run_sweep(plan.scenario, {plan.key: plan.values}, workers=count, progress=told)


def _tell(plan: "SweepPlan", frame: "pd.DataFrame", metric: str, out: Path | None) -> None:
    from simlib.commands.sweep_terminal import sweep_tables

    screen = console()
    for table in sweep_tables(plan, frame, metric):
        screen.print()
        screen.print(table)
    run = plan.scenario.run
    screen.print(f"{run.level * 100:g} % intervals over {run.replications} replications", style="dim")
    for note in plan.notes:
        screen.print(note)
    if out is not None:
        screen.print(f"\nFigure: {out / 'figure.svg'}")
