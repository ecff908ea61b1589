"""The stored long proofs are about the start states as they are now, all of them passed, and none is missing."""

import re
from pathlib import Path

from support.truth import COLUMNS, ROOT, UNDER_PROOF, compute_digest, read_rows

RENEW = "run `make truth` and commit data/truth.csv: the files that bring runs into a stationary state have changed"


def test_the_stored_proofs_are_about_the_start_states_as_they_are() -> None:
    assert {row["digest"] for row in read_rows()} == {compute_digest()}, RENEW


def test_every_proof_passed_and_measured_something() -> None:
    rows = read_rows()
    assert tuple(rows[0]) == COLUMNS
    assert [row["proof"] for row in rows if row["outcome"] != "passed" or not row["measured"]] == []


def test_every_module_with_proofs_has_rows() -> None:
    marked = re.compile(r"mark\.truth\b|@few_or_many|@SIZES")
    modules = {
        file.relative_to(ROOT / "tests").as_posix()
        for file in (ROOT / "tests").glob("*/test_*.py")
        if file != Path(__file__) and marked.search(file.read_text(encoding="utf-8"))
    }
    assert {row["proof"].partition("::")[0] for row in read_rows()} == modules


def test_the_digest_changes_with_any_file_under_proof(tmp_path: Path) -> None:
    for name in ("simlib/deployment/memory.py", "simlib/deployment/past_limits.py", "simlib/analysis/drift.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        before = compute_digest(tmp_path)
        file.write_text("one", encoding="utf-8")
        assert compute_digest(tmp_path) != before
    assert all(list(ROOT.glob(pattern)) for pattern in UNDER_PROOF)
