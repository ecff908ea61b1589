"""Report of a comparison as one HTML page, with its figures inside, without scripts and external files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from simlib.decision import ProfileDependence, Verdicts
from simlib.report.cells import build_comparison_rows, build_opponent_rows
from simlib.report.describe_comparison import (
    describe_designs,
    describe_limits,
    describe_promises,
    describe_provenance,
    describe_run,
)
from simlib.report.describe_world import describe_world
from simlib.report.figure_style import inline_svg, render_png, render_svg
from simlib.report.pair_tables import build_pair_matrices, describe_family
from simlib.report.profile_tables import build_profile_rows

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class ReportFigure:
    """A figure of a report: base name of its files, figure, description (alternative text) and caption."""

    name: str
    figure: "Figure"
    alt: str
    caption: str

    @cached_property
    def svg(self) -> bytes:
        """The figure as an SVG document, drawn once for its file and for the page."""
        return render_svg(self.figure)

    def render_files(self) -> Mapping[str, bytes]:
        """Name -> content of its files."""
        return {f"{self.name}.svg": self.svg, f"{self.name}.png": render_png(self.figure)}

    def render_inline(self) -> str:
        """The figure as an element of a page."""
        return inline_svg(self.svg, self.name, self.alt)


def build_page_environment() -> "Environment":
    """Template environment of pages: values are escaped, and a missing one is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("simlib.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def render_html(
    verdicts: Verdicts, figures: tuple[ReportFigure, ...], dependence: ProfileDependence | None = None
) -> str:
    """The page as HTML; equal verdicts give an equal page."""
    scenario = verdicts.scenario
    return (
        build_page_environment()
        .get_template("report.html.j2")
        .render(
            scenario=scenario,
            verdicts=verdicts,
            level=f"{scenario.run.level * 100:g}",
            figures=[{"svg": f.render_inline(), "caption": f.caption} for f in figures],
            rows=build_comparison_rows(verdicts),
            opponent_rows=build_opponent_rows(verdicts),
            limits=describe_limits(verdicts),
            matrices=build_pair_matrices(verdicts) if len(verdicts.designs) > 2 else [],
            family=describe_family(verdicts),
            dependence=dependence,
            profile_rows=[] if dependence is None else build_profile_rows(dependence),
            promises=describe_promises(verdicts.promises),
            designs=describe_designs(verdicts),
            world=describe_world(scenario),
            run=describe_run(scenario),
            provenance=describe_provenance(scenario),
        )
    )
