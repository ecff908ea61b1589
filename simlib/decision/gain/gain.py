"""Gain of the designs of a scenario by simulation, within a budget of CPU time."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.gain_figures import compute_gain_figures
from simlib.decision.economics.prices import ResolvedPrices, resolve_prices
from simlib.decision.gain.kept_rows import add_kept_rows
from simlib.decision.gain.loads import remove_faults, select_design
from simlib.decision.gain.pilot_runs import PilotRun, run_pilots
from simlib.decision.gain.run_lengths import fit_run
from simlib.decision.gain.sizing import BUDGET as SIZING
from simlib.decision.gain.sizing import REPLICATIONS, plan_trial_run, size_designs
from simlib.decision.gain.structure import compute_structures
from simlib.decision.gain.surface_runs import BUDGET as SURFACES
from simlib.decision.gain.surface_runs import fit_response_surfaces
from simlib.decision.gain.values import Gain, Size, Surface
from simlib.experiment.compare import Comparison, compare
from simlib.experiment.workers import Progress
from simlib.scenario.run import Run
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

StageProgress = Callable[[str, int, int], None]
"""Called with the stage, the number of its steps that are done, and the number of all."""
PILOT, COMPARISON, SIZING_STAGE, SURFACE_STAGE = "probing", "comparing", "sizing", "response surfaces"
STAGES = (PILOT, COMPARISON, SIZING_STAGE, SURFACE_STAGE)
WITH_CLIENTS = "Rows in the token store are those of renewals; rows that only a sign-in writes are left out."


class Budgets(NamedTuple):
    """Approximate CPU seconds of the simulator for each stage; 0 leaves sizing or surfaces out."""

    comparison: float = 50.0
    sizing: float = SIZING
    surfaces: float = SURFACES


USUAL = Budgets()
"""A little more than a minute on two cores, so that a decision among six designs takes less than two."""


def measure_gain(
    scenario: Scenario,
    *,
    prices: ResolvedPrices | None = None,
    workers: int = 1,
    progress: StageProgress | None = None,
    budgets: Budgets = USUAL,
    surfaces: bool = True,
) -> tuple[Comparison, Gain]:
    """Compare all designs, size their servers, and fit response surfaces; the comparison's scenario has the run used.

    The scenario's own run is used where it fits the budget, else a shorter one, which `Gain.notes` mentions. The result
    depends on the scenario alone, not on ``workers`` or the speed of the machine. Raises InputError for a scenario that
    cannot be run, and for prices in another currency than the bundled ones.
    """
    costs = prices if prices is not None else resolve_prices(scenario.prices)
    faultless = remove_faults(scenario)
    pilots = run_pilots(faultless, workers=workers, progress=_bind_stage(progress, PILOT))
    fitted = fit_run(scenario, pilots, budgets.comparison)
    compared = scenario.with_run(fitted.run)
    comparison = compare(
        compared, workers=workers, progress=_bind_stage(progress, COMPARISON), figures=compute_gain_figures
    )
    table = add_kept_rows(compared, comparison.table, pilots)
    sizes: Mapping[str, Size] = MappingProxyType({})
    if budgets.sizing > 0:
        sizes = size_designs(
            faultless,
            costs,
            workers=workers,
            progress=_bind_stage(progress, SIZING_STAGE),
            budget=budgets.sizing,
            pilots=pilots,
            table=table,
        )
    fitted_surfaces: Mapping[str, Mapping[str, Surface]] = MappingProxyType({})
    if surfaces and budgets.surfaces > 0:
        stage = _bind_stage(progress, SURFACE_STAGE)
        fitted_surfaces = fit_response_surfaces(
            faultless, pilots, workers=workers, progress=stage, budget=budgets.surfaces
        )
    hits = {name: _compute_mean(table, name, "hit_ratio") for name in scenario.designs}
    gain = Gain(
        table=table,
        sizes=sizes,
        surfaces=fitted_surfaces,
        lengths=_list_lengths(
            scenario, fitted.run, pilots, budgets if sizes else budgets._replace(sizing=0), fitted_surfaces
        ),
        structures=compute_structures(scenario, pilots, hits),
        notes=tuple(_list_notes(scenario, fitted.note, sizes)),
    )
    return Comparison(compared, table, comparison.forms, comparison.drifts), gain


def _bind_stage(progress: StageProgress | None, name: str) -> Progress | None:
    return None if progress is None else partial(progress, name)


def _compute_mean(table: "pd.DataFrame", design: str, figure: str) -> float:
    values = table.loc[table["design"] == design, figure].to_numpy(dtype=np.float64)
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def _list_lengths(
    scenario: Scenario,
    compared: Run,
    pilots: Mapping[str, PilotRun],
    budgets: Budgets,
    surfaces: Mapping[str, Mapping[str, Surface]],
) -> Mapping[str, float]:
    """Lengths of runs; those of sizing differ by design, and the shortest is reported."""
    lengths = {
        "replications": float(compared.replications),
        "length_s": scenario.with_run(compared).horizon_s,
        "warm_up_s": compared.warm_up_s,
    }
    if budgets.sizing > 0:
        each = budgets.sizing / len(scenario.designs)
        trials = [plan_trial_run(select_design(scenario, name), pilot, each) for name, pilot in pilots.items()]
        shortest = min(trials, key=lambda run: run.length_s)
        lengths |= {
            "sizing_replications": float(REPLICATIONS),
            "sizing_length_s": shortest.length_s,
            "sizing_warm_up_s": shortest.warm_up_s,
        }
    runs = [own.runs for figures in surfaces.values() for own in figures.values()]
    return MappingProxyType({**lengths, **({"surfaces_replications": float(max(runs))} if runs else {})})


def _list_notes(scenario: Scenario, shortened: str, sizes: Mapping[str, Size]) -> list[str]:
    notes = [shortened] if shortened else []
    assumed = [size for size in sizes.values() if size.assumed]
    if assumed:
        notes.append(
            "The scenario limits neither latency nor utilisation; servers are sized to the assumption that none is "
            f"busier than {scenario.terms.target_utilisation:.0%} and that p99 is at most twice that of idle servers."
        )
    failed = [size.design for size in sizes.values() if not size.met]
    if failed:
        notes.append(
            f"No number of servers keeps the limits of {', '.join(failed)}; the largest one tried is reported."
        )
    if scenario.world.faults:
        notes.append("Servers are sized to days without the faults of the world, and so are response surfaces fitted.")
    return [*notes, *([WITH_CLIENTS] if scenario.world.clients else [])]
