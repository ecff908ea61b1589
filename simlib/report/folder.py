"""The folder of a report: it appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from simlib.decision import ProfileDependence, Verdicts
from simlib.report.figures import latency_figure, tradeoff_figure
from simlib.report.html import Drawn, render_html
from simlib.report.profile_tables import profiles_csv
from simlib.report.provenance import Provenance
from simlib.report.rendering import to_png, to_svg
from simlib.report.run_record import is_record, run_record
from simlib.report.summary import replications_csv, summary_csv, verdict_text
from simlib.scenario.errors import InputError

RECORD = "run.json"
FILES = (
    "report.html",
    "latency.svg",
    "latency.png",
    "tradeoff.svg",
    "tradeoff.png",
    "summary.csv",
    "replications.csv",
    "verdict.txt",
    RECORD,
)
PROFILES = "profiles.csv"
"""In a report whose designs were also judged under other cost profiles."""
_NOTHING = Provenance()


def write_report(
    folder: str | Path,
    verdicts: Verdicts,
    provenance: Provenance = _NOTHING,
    dependence: ProfileDependence | None = None,
) -> Path:
    """Write the report of a comparison and return its folder; ``dependence`` says what other cost profiles would say.

    Everything is made beside the folder and then moved into place. An empty folder and an earlier report are replaced;
    raises InputError for any other folder, and when it cannot be written.
    """
    target = check_report_folder(folder)
    content = report_files(verdicts, provenance, target, dependence)
    with _as_input_error(Path(folder)):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        try:
            for name, data in content.items():
                (part / name).write_bytes(data)
            part.chmod(0o777 & ~_umask())  # a temporary folder is made for its owner alone
            _put_in_place(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return target


def check_report_folder(folder: str | Path) -> Path:
    """The absolute path of a folder that a report may be written to; raises InputError when it may not.

    To be called before a long run as well: it tries whether the disk takes a new folder there.
    """
    target = Path(folder).resolve()
    if target in (Path.cwd(), Path(target.anchor)):
        raise InputError(f"--out {folder}: a report needs a folder of its own, not the one you are in")
    with _as_input_error(Path(folder)):
        if target.exists():
            _check_replaceable(target, folder)
        here = next(parent for parent in target.parents if os.path.lexists(parent))
        os.rmdir(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=here))
    return target


def report_files(
    verdicts: Verdicts, provenance: Provenance, folder: Path, dependence: ProfileDependence | None = None
) -> Mapping[str, bytes]:
    """Name -> content of every file of a report; all but run.json are equal when the run is repeated."""
    figures = _figures(verdicts)
    texts = {
        "report.html": render_html(verdicts, figures, dependence),
        "summary.csv": summary_csv(verdicts),
        "replications.csv": replications_csv(verdicts),
        "verdict.txt": verdict_text(verdicts, dependence),
        RECORD: run_record(verdicts, provenance, folder),
    }
    if dependence is not None:
        texts[PROFILES] = profiles_csv(dependence)
    drawn = {f"{f.name}.{kind}": make(f.figure) for f in figures for kind, make in (("svg", to_svg), ("png", to_png))}
    return {**{name: text.encode() for name, text in texts.items()}, **drawn}


def _figures(verdicts: Verdicts) -> tuple[Drawn, ...]:
    return (
        Drawn(
            "latency",
            *latency_figure(verdicts),
            "Left: percentiles and mean of the latency with their intervals. Right: what the mean is made of.",
        ),
        Drawn(
            "tradeoff",
            *tradeoff_figure(verdicts),
            "Load on the authorization server, and for how long a revoked token still works: the lower left is best.",
        ),
    )


def _check_replaceable(target: Path, folder: str | Path) -> None:
    if not target.is_dir():
        raise InputError(f"--out {folder}: is a file; name a folder that is new, empty or an earlier report")
    with _as_input_error(Path(folder)):
        present = sorted(path.name for path in target.iterdir())
    if present and not is_record(target / RECORD):
        raise InputError(f"--out {folder}: is not empty and not an earlier report; name another folder")
    foreign = [name for name in present if name not in (*FILES, PROFILES)]
    if foreign:
        raise InputError(f"--out {folder}: holds {foreign[0]!r}, which is no part of a report; name another folder")


def _put_in_place(part: Path, target: Path) -> None:
    """Rename; what was there is moved aside first, and back if the renaming fails."""
    if not target.exists() or not any(target.iterdir()):
        part.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
    try:
        target.rename(aside)
        try:
            part.rename(target)
        except BaseException:
            aside.rename(target)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


@contextmanager
def _as_input_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written ({error.strerror or error})") from error
