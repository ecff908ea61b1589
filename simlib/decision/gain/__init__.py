"""What designs gain: figures of paired simulation, servers sized to limits, response surfaces, structure."""

from simlib.decision.gain.gain import STAGES, Budgets, StageProgress, gain_of
from simlib.decision.gain.loads import at_load, load_of
from simlib.decision.gain.metamodel import predict, response_surfaces
from simlib.decision.gain.metamodel_inputs import MEANINGS
from simlib.decision.gain.pilot_runs import Probe, probe_designs
from simlib.decision.gain.sizing import size_designs
from simlib.decision.gain.structure import expected_exposure_s, structures_of
from simlib.decision.gain.values import Gain, Size, Structure, Surface, Trial

__all__ = [
    "MEANINGS",
    "STAGES",
    "Budgets",
    "Gain",
    "Probe",
    "Size",
    "StageProgress",
    "Structure",
    "Surface",
    "Trial",
    "at_load",
    "expected_exposure_s",
    "gain_of",
    "load_of",
    "predict",
    "probe_designs",
    "response_surfaces",
    "size_designs",
    "structures_of",
]
