"""Loading with the parts of this package: what the command line and notebooks start from."""

from dataclasses import replace
from pathlib import Path

from simlib.scenario.data import bundled_scenarios
from simlib.scenario.loading import build_scenario, read_document
from simlib.scenario.scenario import Scenario
from simlib.strategies import CATALOGUE


def load_scenario(source: str | Path) -> Scenario:
    """Load a scenario file (TOML), the run.json of an earlier run, or a bundled scenario by its name.

    Raises InputError with file, key and what is allowed.
    """
    path = Path(source)
    if not path.exists():
        path = bundled_scenarios().get(str(source), path)
    return build_scenario(read_document(path), CATALOGUE, path)
