"""Long proofs of start states, marked ``truth``: left out of the suite, run and kept by ``make truth``.

Every proof is one row of data/truth.csv: its outcome, what it measured, and a digest of the files that it is about.
"""

import csv
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "data" / "truth.csv"
UNDER_PROOF = (
    *("simlib/deployment/memory*.py", "simlib/deployment/past*.py"),
    *("simlib/deployment/warm_start.py", "simlib/analysis/drift.py"),
)
COLUMNS = ("proof", "outcome", "measured", "digest")
MEASURED = "measured"
Measured = Callable[[str], None]
"""Notes a figure of a proof, in words."""


def compute_digest(root: Path = ROOT) -> str:
    """A digest that changes whenever a file under proof does."""
    content = sha256()
    for file in sorted({file for pattern in UNDER_PROOF for file in root.glob(pattern)}):
        content.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return content.hexdigest()[:16]


def read_rows(path: Path = RESULTS) -> list[dict[str, str]]:
    """The stored rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TruthKeeper:
    """Plug-in of pytest that writes one row for every proof that was run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = compute_digest()
        self._rows: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome of a proof; a failure before or after it counts as well."""
        if "truth" not in report.keywords or (report.when != "call" and report.passed):
            return
        figures = "; ".join(str(value) for name, value in report.user_properties if name == MEASURED)
        self._rows[report.nodeid.removeprefix("tests/")] = (report.outcome, figures)

    def pytest_sessionfinish(self, session: Any) -> None:
        """Write the rows, where there are any: a worker of several has none of them all."""
        if not self._rows or hasattr(session.config, "workerinput"):
            return
        with self._path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows((proof, *self._rows[proof], self._digest) for proof in sorted(self._rows))
