"""The stored size of simlib's own parts is that of the files as they are now."""

import csv
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RENEW = "run `make evidence` and commit data/effort/own_code.csv"


def rows() -> list[dict[str, str]]:
    with (ROOT / "data" / "effort" / "own_code.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_was_measured_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "evidence"), *sys.path])
    from own_files import digest, measured_files, parts_of, uses_of

    stored = {row["file"]: (row["parts"], row["uses"], row["source"]) for row in rows()}
    assert sorted(stored) == measured_files(), RENEW
    for file, told in stored.items():
        assert told == (parts_of(file), ";".join(uses_of(file)), digest(file)), f"{file}: {RENEW}"


def test_what_was_measured_fits_the_files() -> None:
    for row in rows():
        lines = len((ROOT / "simlib" / row["file"]).read_text(encoding="utf-8").splitlines())
        assert 0 < int(row["nloc"]) < lines
        assert int(row["functions"]) <= int(row["cyclomatic"])


def test_the_tool_counts_what_is_stored() -> None:
    lizard = pytest.importorskip("lizard")
    version = f"lizard {lizard.version}"
    for row in rows():
        if row["tool"] == version:
            found = lizard.analyze_file(str(ROOT / "simlib" / row["file"]))
            assert (int(row["nloc"]), int(row["functions"])) == (found.nloc, len(found.function_list)), row["file"]
