"""The report as one page: no script, nothing from elsewhere, figures inside."""

from typing import TYPE_CHECKING, NamedTuple

from simlib.decision import ProfileDependence, Verdicts, promised
from simlib.report.cells import comparison_rows, opponent_rows
from simlib.report.profile_tables import profile_rows
from simlib.report.rendering import inline_svg
from simlib.report.telling import told_designs, told_limits, told_promises, told_provenance, told_run
from simlib.report.telling_world import told_world

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure


class Drawn(NamedTuple):
    """A figure of the report: the name of its files, the figure, its description and its caption."""

    name: str
    figure: "Figure"
    alt: str
    caption: str


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
            figures=[{"svg": inline_svg(f.figure, f.name, f.alt), "caption": f.caption} for f in figures],
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
