"""Gain of designs: figures of paired simulation, servers sized to limits, response surfaces, structure."""

from simlib.decision.gain.gain import STAGES, Budgets, StageProgress, measure_gain
from simlib.decision.gain.loads import compute_load, scale_to_load
from simlib.decision.gain.metamodel import predict
from simlib.decision.gain.metamodel_inputs import MEANINGS
from simlib.decision.gain.pilot_runs import PilotRun, run_pilots
from simlib.decision.gain.sizing import size_designs
from simlib.decision.gain.structure import compute_expected_exposure_s, compute_structures
from simlib.decision.gain.surface_runs import fit_response_surfaces
from simlib.decision.gain.values import Gain, Size, Structure, Surface, Trial

__all__ = [
    "MEANINGS",
    "STAGES",
    "Budgets",
    "Gain",
    "PilotRun",
    "Size",
    "StageProgress",
    "Structure",
    "Surface",
    "Trial",
    "compute_expected_exposure_s",
    "compute_load",
    "compute_structures",
    "fit_response_surfaces",
    "measure_gain",
    "predict",
    "run_pilots",
    "scale_to_load",
    "size_designs",
]
