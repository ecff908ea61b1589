"""The report as one page: no script, nothing from elsewhere, figures inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from simlib.decision import ProfileDependence, Verdicts, promised
from simlib.report.cells import comparison_rows, opponent_rows
from simlib.report.describe import told_designs, told_limits, told_promises, told_provenance, told_run, told_world
from simlib.report.figure_style import inline_svg, to_png, to_svg
from simlib.report.profile_tables import profile_rows

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure of the report: the name of its files, the figure, its description and its caption."""

    name: str
    figure: "Figure"
    alt: str
    caption: str

    @cached_property
    def svg(self) -> bytes:
        """The figure as an SVG document, drawn once for its file and for the page."""
        return to_svg(self.figure)

    def files(self) -> Mapping[str, bytes]:
        """Name -> content of its files."""
        return {f"{self.name}.svg": self.svg, f"{self.name}.png": to_png(self.figure)}

    def inline(self) -> str:
        """The figure as an element of a page."""
        return inline_svg(self.svg, self.name, self.alt)


def page_environment() -> "Environment":
    """Where pages are made: all that is filled in is escaped, and what is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("simlib.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def render_html(verdicts: Verdicts, figures: tuple[Drawn, ...], dependence: ProfileDependence | None = None) -> str:
    """The page; equal verdicts give an equal page."""
    scenario = verdicts.scenario
    return (
        page_environment()
        .get_template("report.html.j2")
        .render(
            scenario=scenario,
            verdicts=verdicts,
            level=f"{scenario.run.level * 100:g}",
            figures=[{"svg": f.inline(), "caption": f.caption} for f in figures],
            rows=comparison_rows(verdicts),
            opponent_rows=opponent_rows(verdicts),
            limits=told_limits(verdicts),
            dependence=dependence,
            profile_rows=[] if dependence is None else profile_rows(dependence),
            promises=told_promises(promised(scenario)),
            designs=told_designs(verdicts),
            world=told_world(scenario),
            run=told_run(scenario),
            provenance=told_provenance(scenario),
        )
    )
