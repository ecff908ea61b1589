"""Grid of a command: what ``--vary``, ``--sample`` and ``--yes`` say, and the cells that they make of a scenario."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simlib.scenario.errors import InputError

if TYPE_CHECKING:
    from simlib.experiment.variation import Point, Sample, Variation
    from simlib.scenario.scenario import Scenario


@dataclass(frozen=True)
class Grid:
    """Variations of a command, and how their points are chosen; ``most`` is None when any number was confirmed."""

    variations: "tuple[Variation, ...]"
    sample: "Sample | None"
    most: int | None


@dataclass(frozen=True)
class GridCell:
    """One cell of a grid: its number from 1, the values of the keys, and the scenario with them."""

    number: int
    point: "Point"
    scenario: "Scenario"

    @property
    def title(self) -> str:
        """Keys and values, such as ``algorithm = ES256``."""
        from simlib.experiment.variation import format_value, shorten_keys

        names = shorten_keys(list(self.point))
        return ", ".join(f"{names[key]} = {format_value(value)}" for key, value in self.point.items())


def read_grid(vary: Sequence[str] | None, sample: str | None, yes: bool) -> Grid:
    """Read the options of a grid. Raises InputError that names the option and what is allowed."""
    from simlib.experiment.variation import MOST_CELLS, parse_sample, parse_variation

    if sample is not None and not vary:
        raise InputError(f"--sample {sample}: over which ranges? Add --vary KEY=LOW:HIGH")
    variations = tuple(parse_variation(text) for text in vary or ())
    return Grid(variations, None if sample is None else parse_sample(sample), None if yes else MOST_CELLS)


def list_cells(scenario: "Scenario", grid: Grid) -> "tuple[GridCell, ...]":
    """The cells of a grid over a scenario, each checked like a scenario file. Raises InputError."""
    from simlib.experiment.sweep import change_scenario
    from simlib.experiment.sweep_plan import choose_variations
    from simlib.experiment.variation import list_points

    variations = choose_variations(scenario, grid.variations)
    points = list_points(variations, grid.sample, scenario.run.seed, most=grid.most)
    return tuple(
        GridCell(number, point, change_scenario(scenario, point)) for number, point in enumerate(points, start=1)
    )
