"""Folder of the report of a comparison; it appears complete or not at all."""

from collections.abc import Mapping
from pathlib import Path

from simlib.decision import ProfileDependence, Verdicts
from simlib.experiment.atomic_folder import EarlierReport, check_folder, write_files
from simlib.report.comparison_figures import latency_figure, tradeoff_figure
from simlib.report.html import ReportFigure, render_html
from simlib.report.pair_tables import format_best_csv, format_pairs_csv
from simlib.report.profile_tables import format_profiles_csv
from simlib.report.registered_figures import draw_registered, list_registered_files
from simlib.report.run_record import RECORD, Provenance, build_run_record, is_record
from simlib.report.summary import format_replications_csv, format_summary_csv, format_verdict

FILES = (
    "report.html",
    "latency.svg",
    "latency.png",
    "tradeoff.svg",
    "tradeoff.png",
    "summary.csv",
    "pairs.csv",
    "best.csv",
    "replications.csv",
    "verdict.txt",
    RECORD,
)
PROFILES = "profiles.csv"
"""File of reports whose designs were also judged under other cost profiles."""
_NOTHING = Provenance()


def write_report(
    folder: str | Path,
    verdicts: Verdicts,
    provenance: Provenance = _NOTHING,
    dependence: ProfileDependence | None = None,
) -> Path:
    """Write the report of a comparison and return its folder; ``dependence`` says what other cost profiles would say.

    An empty folder and an earlier report are replaced; raises InputError for any other folder, and when it cannot be
    written.
    """
    target = check_report_folder(folder)
    files = build_report_files(verdicts, provenance, target, dependence)
    return write_files(folder, files, "--out", _describe_earlier())


def check_report_folder(folder: str | Path) -> Path:
    """The absolute path of a folder that a report may be written to; raises InputError when it may not.

    To be called before a long run as well: it tries whether the disk takes a new folder there.
    """
    return check_folder(folder, "--out", _describe_earlier())


def build_report_files(
    verdicts: Verdicts, provenance: Provenance, folder: Path, dependence: ProfileDependence | None = None
) -> Mapping[str, bytes]:
    """Name -> content of every file of a report; all but run.json are equal when the run is repeated."""
    figures = _draw_figures(verdicts)
    texts = {
        "report.html": render_html(verdicts, figures, dependence),
        "summary.csv": format_summary_csv(verdicts),
        "pairs.csv": format_pairs_csv(verdicts),
        "best.csv": format_best_csv(verdicts),
        "replications.csv": format_replications_csv(verdicts),
        "verdict.txt": format_verdict(verdicts, dependence),
        RECORD: build_run_record(verdicts, provenance, folder),
    }
    if dependence is not None:
        texts[PROFILES] = format_profiles_csv(dependence)
    drawn = {name: content for figure in figures for name, content in figure.render_files().items()}
    return {**{name: text.encode() for name, text in texts.items()}, **drawn}


def _describe_earlier() -> EarlierReport:
    return EarlierReport(RECORD, is_record, (*FILES, PROFILES, *list_registered_files()))


def _draw_figures(verdicts: Verdicts) -> tuple[ReportFigure, ...]:
    return (
        ReportFigure(
            "latency",
            *latency_figure(verdicts),
            "Left: percentiles and mean of the latency with their intervals. Right: the parts of the mean.",
        ),
        ReportFigure(
            "tradeoff",
            *tradeoff_figure(verdicts),
            "Load on the authorization server against exposure after revocation; the lower left is best.",
        ),
        *draw_registered(verdicts),
    )
