"""Command `simlib sweep`: the designs of a scenario at many loads, or with many lifetimes of a cache."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console
from simlib.commands.options import Designs, Json, Profile, Seed, Source, Workers
from simlib.commands.runner import count_workers, describe_missing_output, print_answer, run_interruptibly
from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from simlib.analysis.intervals import Interval
    from simlib.analysis.metrics import Metric
    from simlib.experiment.sweep_plan import SweepPlan


def sweep(
    scenario: Source,
    over: Annotated[
        str, typer.Option(metavar="load|ttl|KEY", help="What is varied; KEY as in the file: world.service.work.mean_s.")
    ],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write figure and tables into this folder.")] = None,
    values: Annotated[
        str | None, typer.Option(metavar="X,Y,...", help="Values, in the unit of the file. Chosen if left out.")
    ] = None,
    design: Designs = None,
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="Left half of the figure, such as mean_s, p99_s (not with ttl).")
    ] = "p95_s",
    length: Annotated[
        float | None, typer.Option(metavar="S", help="Simulated seconds of a run, warm-up included.")
    ] = None,
    replications: Annotated[int | None, typer.Option(metavar="N", min=1, help="Runs per design and value.")] = None,
    seed: Seed = None,
    workers: Workers = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Run the designs of a scenario at several values of one input, and draw the results with intervals.

    load: latency up to saturation, and the utilisation of the authorization server; a line ends where its design
    becomes unstable. ttl: hit ratio of a cache and exposure after revocation against its time to live, beside the
    closed form r / (1 + r). Any key: as load. Runs are shorter and fewer than the scenario's own where a sweep would
    take long; --length and --replications change that.

    \b
    Examples:
      simlib sweep web-shop --over load --out load/
      simlib sweep web-shop --over ttl --out ttl/
      simlib sweep web-shop --over ttl --design opaque_cached --design jwt --values 5,30,120
      simlib sweep web-shop --over world.service.work.mean_s --values 0.002,0.008 --metric mean_s

    Exit status: 0, 2 for bad input or a killed worker process, 130 after Ctrl-C, 143 after SIGTERM. The folder must be
    new or empty; it appears complete or not at all.
    """
    from simlib.commands.overrides import Overrides, load_chosen_scenario
    from simlib.experiment.atomic_folder import check_folder
    from simlib.experiment.sweep_plan import plan_sweep

    chosen = load_chosen_scenario(scenario, Overrides(seed=seed, profile=profile))
    _check_metric(metric)
    plan = plan_sweep(chosen, over, design or (), _parse_numbers(values), length, replications)
    if out is not None:
        check_folder(out, "--out")
    _run(plan, metric, out, workers, json)


def _run(plan: "SweepPlan", metric: str, out: Path | None, workers: int | None, json: bool) -> None:
    from simlib.experiment import sweep as run_sweep
    from simlib.report.sweep_report import build_sweep_document, sweep_figure, write_sweep

    if not json:
        open_console().print(_describe_plan(plan))
    with run_interruptibly(lambda: describe_missing_output(out, "no sweep"), out) as run:
        with run.show_progress(plan.runs) as progress:
            count = count_workers(workers, plan.runs)
            frame = run_sweep(plan.scenario, {plan.key: plan.values}, workers=count, progress=progress)
        drawn = sweep_figure(plan, frame, metric)
        run.raise_if_interrupted()
        folder = None if out is None else write_sweep(out, plan, frame, drawn)

    def build_document() -> dict[str, Any]:
        where = None if folder is None else str(folder)
        return {**build_sweep_document(plan, frame, drawn[1]), "folder": where}

    print_answer(json, build_document, lambda: _print_sweep(plan, frame, metric, out))


def _check_metric(name: str) -> None:
    from simlib.analysis.metrics import METRICS
    from simlib.scenario.errors import describe_unknown

    if name not in METRICS:
        raise InputError(f"--metric: {describe_unknown('metric', name, METRICS)}")


def _parse_numbers(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        return tuple(float(piece) for piece in text.split(","))
    except ValueError as error:
        raise InputError(f"--values {text}: numbers with commas between them, such as 5,30,120") from error


def _describe_plan(plan: "SweepPlan") -> str:
    run = plan.scenario.run
    return (
        f"{plan.scenario.title}: {plan.key} = {', '.join(f'{value:g}' for value in plan.values)}; "
        f"{', '.join(plan.scenario.designs)}; {run.replications} replications of {run.length_s:g} s, "
        f"of which {run.warm_up_s:g} s are warm-up"
    )


def _print_sweep(plan: "SweepPlan", frame: "pd.DataFrame", metric: str, out: Path | None) -> None:
    from simlib.report.sweep_notes import list_sweep_notes

    screen = open_console()
    for table in build_sweep_tables(plan, frame, metric):
        screen.print()
        screen.print(table)
    run = plan.scenario.run
    screen.print(f"{run.level * 100:g} % intervals over {run.replications} replications", style="dim")
    for note in list_sweep_notes(plan, frame, _name_tables(plan, frame, metric)):
        screen.print(note)
    if out is not None:
        screen.print(f"\nFigure: {out / 'figure.svg'}")


def build_sweep_tables(plan: "SweepPlan", frame: "pd.DataFrame", metric: str) -> "Iterator[Table]":
    """One table per half of the figure, and one for a figure that leaves out less than one of these.

    The hit ratio of the cache that is varied has its closed form beside it.
    """
    for name in _name_tables(plan, frame, metric):
        yield _build_table(plan, frame, name)


def _name_tables(plan: "SweepPlan", frame: "pd.DataFrame", metric: str) -> tuple[str, ...]:
    from simlib.analysis.utilisation import BUSIEST
    from simlib.report.sweep_notes import add_companions

    drawn = (metric, "as_utilisation", BUSIEST) if plan.varied_design is None else ("hit_ratio", "exposure_s")
    return add_companions(frame, drawn)


def _build_table(plan: "SweepPlan", frame: "pd.DataFrame", name: str) -> "Table":
    from rich import box
    from rich.table import Table

    from simlib.analysis.metrics import METRICS
    from simlib.report.cells import format_label
    from simlib.report.sweep_figures import compute_curves

    metric = METRICS[name]
    curves_by_design = compute_curves(frame, plan.key, name, plan.scenario.run.level)
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, title=format_label(metric)
    )
    table.title_justify = "left"
    theory = name == "hit_ratio" and plan.has_closed_form
    for title in (plan.key.rpartition(".")[2], *curves_by_design, *(["closed form"] if theory else [])):
        table.add_column(title, overflow="fold")
    for value in plan.values:
        rows = frame[frame[plan.key] == value]
        cells = [
            _format_cell(metric, curve[value], rows[rows["design"] == design])
            if value in curve
            else _explain_missing_mean(rows[rows["design"] == design])
            for design, curve in curves_by_design.items()
        ]
        closed = [f"{plan.compute_hit_ratio(value) * metric.factor:.1f}"] if theory else []
        table.add_row(f"{value:g}", *cells, *closed)
    return table


def _format_cell(metric: "Metric", interval: "Interval", rows: "pd.DataFrame") -> str:
    """Mean and half width, with the name of the busiest host, and with marks of a quantile."""
    from simlib.analysis.utilisation import BUSIEST
    from simlib.decision.figure_notes import mark_quantile
    from simlib.report.cells import format_mean
    from simlib.report.sweep_notes import find_host

    host = find_host(rows) if metric.name == BUSIEST else ""
    mark = mark_quantile(rows, metric.name)
    return f"{format_mean(metric, interval)}{f' ({host})' if host else ''}{f' {mark}' if mark else ''}"


def _explain_missing_mean(rows: "pd.DataFrame") -> str:
    """Reason for a missing mean: the design is unstable, or nothing happened that could be measured."""
    from simlib.report.cells import UNDEFINED
    from simlib.report.sweep_figures import is_overloaded

    return "unstable" if is_overloaded(rows) else UNDEFINED
