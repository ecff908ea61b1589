"""Everything that simulation says about the designs of a scenario, within a budget of time."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simlib.analysis.gain_figures import compute_gain_figures
from simlib.decision.economics.prices import ResolvedPrices, resolve_prices
from simlib.decision.gain.loads import remove_faults, select_design
from simlib.decision.gain.metamodel import BUDGET as SURFACES
from simlib.decision.gain.metamodel import fit_response_surfaces
from simlib.decision.gain.pilot_runs import PilotRun, fit_run, run_pilots
from simlib.decision.gain.sizing import BUDGET as SIZING
from simlib.decision.gain.sizing import REPLICATIONS, plan_trial_run, size_designs
from simlib.decision.gain.structure import compute_structures
from simlib.decision.gain.values import Gain, Size, Surface
from simlib.experiment.compare import Comparison, compare
from simlib.experiment.workers import Progress
from simlib.scenario.run import Run
from simlib.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

StageProgress = Callable[[str, int, int], None]
"""Told the stage, how many of its steps are done, and how many there are."""
PROBING, COMPARING, SIZES, FOLLOWING = "probing", "comparing", "sizing", "response surfaces"
STAGES = (PROBING, COMPARING, SIZES, FOLLOWING)
WITH_CLIENTS = "Rows in the token store are those of renewals; what only a sign-in writes is left out."


class Budgets(NamedTuple):
    """CPU seconds of the simulator, about, for each stage; 0 leaves sizing or surfaces out."""

    comparison: float = 50.0
    sizing: float = SIZING
    surfaces: float = SURFACES


USUAL = Budgets()
"""A little more than a minute on two cores, so that a whole decision of six designs stays below two."""


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

    The scenario's own run is used where it fits the budget, else a shorter one, which `Gain.notes` says. The result
    depends on the scenario alone, not on ``workers`` or on how fast the machine is. Raises InputError for what cannot
    be run, and for prices in another currency than those that are known.
    """
    costs = prices if prices is not None else resolve_prices(scenario.prices)
    calm = remove_faults(scenario)
    probes = run_pilots(calm, workers=workers, progress=_stage(progress, PROBING))
    fitted = fit_run(scenario, probes, budgets.comparison)
    compared = scenario.with_run(fitted.run)
    comparison = compare(compared, workers=workers, progress=_stage(progress, COMPARING), figures=compute_gain_figures)
    table = _with_rows(comparison.table, probes)
    sizes: Mapping[str, Size] = MappingProxyType({})
    if budgets.sizing > 0:
        sizes = size_designs(
            calm,
            costs,
            workers=workers,
            progress=_stage(progress, SIZES),
            budget=budgets.sizing,
            probes=probes,
            table=table,
        )
    followed: Mapping[str, Mapping[str, Surface]] = MappingProxyType({})
    if surfaces and budgets.surfaces > 0:
        stage = _stage(progress, FOLLOWING)
        followed = fit_response_surfaces(calm, probes, workers=workers, progress=stage, budget=budgets.surfaces)
    hits = {name: _mean(table, name, "hit_ratio") for name in scenario.designs}
    gain = Gain(
        table=table,
        sizes=sizes,
        surfaces=followed,
        lengths=_lengths(scenario, fitted.run, probes, budgets if sizes else budgets._replace(sizing=0), followed),
        structures=compute_structures(scenario, probes, hits),
        notes=tuple(_notes(scenario, fitted.note, sizes)),
    )
    return Comparison(compared, table, comparison.forms), gain


def _stage(progress: StageProgress | None, name: str) -> Progress | None:
    return None if progress is None else partial(progress, name)


def _with_rows(table: "pd.DataFrame", probes: Mapping[str, PilotRun]) -> "pd.DataFrame":
    """With ``kept_rows`` and ``stored_bytes``: rows written per second, times how long one stays, times its size."""
    rows = table["design"].map({name: own.row.life_s for name, own in probes.items()}) * table["rows_written_per_s"]
    sizes = table["design"].map({name: own.row.size for name, own in probes.items()})
    return table.assign(kept_rows=rows, stored_bytes=rows * sizes)


def _mean(table: "pd.DataFrame", design: str, figure: str) -> float:
    values = table.loc[table["design"] == design, figure].to_numpy(dtype=np.float64)
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _lengths(
    scenario: Scenario,
    compared: Run,
    probes: Mapping[str, PilotRun],
    budgets: Budgets,
    surfaces: Mapping[str, Mapping[str, Surface]],
) -> Mapping[str, float]:
    """How long runs were; sizing differs by design, so its shortest is told."""
    lengths = {
        "replications": float(compared.replications),
        "length_s": scenario.with_run(compared).horizon_s,
        "warm_up_s": compared.warm_up_s,
    }
    if budgets.sizing > 0:
        each = budgets.sizing / len(scenario.designs)
        trials = [plan_trial_run(select_design(scenario, name), probe, each) for name, probe in probes.items()]
        shortest = min(trials, key=lambda run: run.length_s)
        lengths |= {
            "sizing_replications": float(REPLICATIONS),
            "sizing_length_s": shortest.length_s,
            "sizing_warm_up_s": shortest.warm_up_s,
        }
    runs = [own.runs for figures in surfaces.values() for own in figures.values()]
    return MappingProxyType({**lengths, **({"surfaces_replications": float(max(runs))} if runs else {})})


def _notes(scenario: Scenario, shortened: str, sizes: Mapping[str, Size]) -> list[str]:
    notes = [shortened] if shortened else []
    assumed = [size for size in sizes.values() if size.assumed]
    if assumed:
        notes.append(
            "The scenario limits neither latency nor utilisation; servers are sized to the assumption that none is "
            f"busier than {scenario.terms.target_utilisation:.0%} and that p99 is at most twice that of idle servers."
        )
    lost = [size.design for size in sizes.values() if not size.met]
    if lost:
        notes.append(f"No number of servers keeps the limits of {', '.join(lost)}; the largest one tried is told.")
    if scenario.world.faults:
        notes.append("Servers are sized to days without the faults of the world, and so are response surfaces fitted.")
    return [*notes, *([WITH_CLIENTS] if scenario.world.clients else [])]
