"""Command `simlib sweep`: the designs of a scenario at many loads, lifetimes of a cache, or values of any keys."""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console
from simlib.commands.execution import use_store_and_cluster
from simlib.commands.grid import read_grid
from simlib.commands.options import (
    Cluster,
    Designs,
    Json,
    Profile,
    SampleOfPoints,
    Seed,
    Source,
    Store,
    Vary,
    Workers,
    Yes,
)
from simlib.commands.runner import count_workers, describe_missing_output, print_answer, run_interruptibly
from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from simlib.analysis.intervals import Interval
    from simlib.analysis.metrics import Metric
    from simlib.experiment.sweep_plan import SweepPlan
    from simlib.experiment.sweep_target import Target
    from simlib.experiment.variation import Point

_OUT = typer.Option(metavar="DIR", help="Write figure and tables into this folder.")
_METRIC = typer.Option(metavar="NAME", help="Left half of the figure, such as mean_s, p99_s (not with ttl).")
_LENGTH = typer.Option(metavar="S", help="Simulated seconds of a run, warm-up included.")
_REPLICATIONS = typer.Option(metavar="N", min=1, help="Runs per design and cell.")
_HALF_WIDTH = typer.Option(
    metavar="X",
    help="Run each cell until the paired difference of --metric between each design and the first is known to plus or "
    "minus X, such as 0.1ms.",
)
_AT_MOST = typer.Option(metavar="N", min=2, help="Runs per design and cell with --half-width, at most.")
MOST_REPLICATIONS = 50


def sweep(
    scenario: Source,
    vary: Vary = None,
    sample: SampleOfPoints = None,
    out: Annotated[Path | None, _OUT] = None,
    store: Store = None,
    cluster: Cluster = None,
    design: Designs = None,
    metric: Annotated[str, _METRIC] = "p95_s",
    length: Annotated[float | None, _LENGTH] = None,
    replications: Annotated[int | None, _REPLICATIONS] = None,
    half_width: Annotated[str | None, _HALF_WIDTH] = None,
    at_most: Annotated[int, _AT_MOST] = MOST_REPLICATIONS,
    seed: Seed = None,
    workers: Workers = None,
    profile: Profile = None,
    yes: Yes = False,
    json: Json = False,
    over: Annotated[str | None, typer.Option(hidden=True)] = None,
    values: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the designs of a scenario in every cell of a grid, and draw the results with intervals.

    --vary load: latency up to saturation, and the utilisation of the authorization server; a line ends where its
    design becomes unstable. --vary ttl: hit ratio of a cache and exposure after revocation against its time to live,
    beside the closed form r / (1 + r). Any other key, parts and algorithms too, and several at once. Runs are shorter
    and fewer than the scenario's own where a sweep would take long; --length and --replications change that.

    \b
    Examples:
      simlib sweep web-shop --vary load --out load/
      simlib sweep web-shop --vary ttl --out ttl/
      simlib sweep web-shop --vary ttl=5,30,120 --design opaque_cached --design jwt
      simlib sweep web-shop --vary world.service.work.mean_s=0.002,0.008 --metric mean_s
      simlib sweep busy-api --vary load=100:900:5 --vary algorithm=RS256,ES256 --half-width 0.1ms
      simlib sweep web-shop --vary load=20:120 --vary ttl=1:300 --sample latin:20 --store kept/

    --cluster runs on an existing Dask cluster, whose workers have the same simlib. With --store, a command that was
    ended goes on where it stopped, and runs of other sweeps are not run again.

    Exit status: 0, 2 for bad input or a killed worker process, 130 after Ctrl-C, 143 after SIGTERM. The folder must be
    new or empty; it appears complete or not at all.
    """
    from simlib.commands.overrides import Overrides, load_chosen_scenario
    from simlib.experiment.atomic_folder import check_folder
    from simlib.experiment.sweep_plan import plan_sweep
    from simlib.experiment.sweep_target import build_target

    _refuse_former_options(over, values)
    grid = read_grid(vary, sample, yes)
    if not grid.variations:
        raise InputError("--vary: is missing; write what is varied, such as --vary load or --vary ttl=5,30,120")
    chosen = load_chosen_scenario(scenario, Overrides(seed=seed, profile=profile))
    _check_metric(metric)
    plan = plan_sweep(chosen, grid.variations, design or (), length, replications, grid.sample, grid.most)
    target = None if half_width is None else build_target(half_width, metric, at_most)
    if out is not None:
        check_folder(out, "--out")
    with use_store_and_cluster(store, cluster, out):
        _run(plan, metric, target, out, workers, json)


def _refuse_former_options(over: str | None, values: str | None) -> None:
    if over is None and values is None:
        return
    former = " ".join(f"--{name} {text}" for name, text in (("over", over), ("values", values)) if text is not None)
    wanted = f"{over or 'KEY'}{'' if values is None else f'={values}'}"
    raise InputError(f"{former}: is written --vary {wanted} now")


def _run(
    plan: "SweepPlan", metric: str, target: "Target | None", out: Path | None, workers: int | None, json: bool
) -> None:
    from simlib.experiment.sweep import build_scenarios, run_points
    from simlib.report.sweep_report import build_sweep_document, sweep_figure, write_sweep

    scenarios = build_scenarios(plan.scenario, plan.points)
    if not json:
        open_console().print(_describe_plan(plan, target))
    with run_interruptibly(lambda: describe_missing_output(out, "no sweep"), out) as run:
        with run.show_progress(plan.runs) as progress:
            count = count_workers(workers, plan.runs)
            frame = run_points(
                plan.scenario, plan.points, workers=count, progress=progress, target=target, scenarios=scenarios
            )
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


def _describe_plan(plan: "SweepPlan", target: "Target | None") -> str:
    from simlib.experiment.variation import describe_sweep

    run = plan.scenario.run
    number = f"{run.replications}" if target is None else f"at most {target.most}"
    return (
        f"{plan.scenario.title}: {describe_sweep(plan.variations, plan.points, plan.sample)}; "
        f"{', '.join(plan.scenario.designs)}; {number} replications of {run.length_s:g} s, "
        f"of which {run.warm_up_s:g} s are warm-up"
    )


def _print_sweep(plan: "SweepPlan", frame: "pd.DataFrame", metric: str, out: Path | None) -> None:
    from simlib.report.sweep_notes import list_sweep_notes

    screen = open_console()
    for table in build_sweep_tables(plan, frame, metric):
        screen.print()
        screen.print(table)
    counts = frame.groupby([*plan.keys, "design"]).size()
    number = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    screen.print(f"{plan.scenario.run.level * 100:g} % intervals over {number} replications", style="dim")
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
    from simlib.decision.sweep_bounds import compute_point_bounds
    from simlib.experiment.variation import format_value, shorten_keys
    from simlib.report.cells import format_label

    metric = METRICS[name]
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, title=format_label(metric)
    )
    table.title_justify = "left"
    theory = name == "hit_ratio" and plan.has_closed_form
    keys, designs = shorten_keys(plan.keys), plan.scenario.designs
    for title in (*keys.values(), *designs, *(["closed form"] if theory else [])):
        table.add_column(title, overflow="fold")
    for point in plan.points:
        bounds = compute_point_bounds(plan, point) if name == "exposure_s" else dict.fromkeys(designs, inf)
        cells = [_format_rows(plan, frame, point, design, metric, bounds[design]) for design in designs]
        closed = [f"{plan.compute_hit_ratio(point[plan.key]) * metric.factor:.1f}"] if theory else []
        table.add_row(*(format_value(point[key]) for key in keys), *cells, *closed)
    return table


def _format_rows(
    plan: "SweepPlan", frame: "pd.DataFrame", point: "Point", design: str, metric: "Metric", bound_s: float
) -> str:
    """The mean of one design at one point, or the reason for a missing one; ``bound_s`` limits an exposure."""
    from simlib.report.cells import UNDEFINED
    from simlib.report.sweep_figures import is_overloaded
    from simlib.report.sweep_notes import compute_point_interval, find_rows

    rows = find_rows(frame, point, design)
    if is_overloaded(rows):
        return "unstable"
    interval = compute_point_interval(rows, metric.name, plan.scenario.run.level, bound_s)
    return _format_cell(metric, interval, rows) if interval.n else UNDEFINED


def _format_cell(metric: "Metric", interval: "Interval", rows: "pd.DataFrame") -> str:
    """Mean and half width, with the name of the busiest host, and with marks of a quantile."""
    from simlib.analysis.utilisation import BUSIEST
    from simlib.decision.figure_notes import mark_quantile
    from simlib.report.cells import format_mean
    from simlib.report.sweep_notes import find_host

    host = find_host(rows) if metric.name == BUSIEST else ""
    mark = mark_quantile(rows, metric.name)
    return f"{format_mean(metric, interval)}{f' ({host})' if host else ''}{f' {mark}' if mark else ''}"
