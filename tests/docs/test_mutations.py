"""The stored outcomes of the mutation script: which mutants were run, and that none of them went unnoticed."""

import csv
import re
import sys
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "data" / "mutations.csv"


def rows() -> list[dict[str, str]]:
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_mutant_that_was_run_is_killed_or_explained() -> None:
    assert rows()
    for row in rows():
        assert row["outcome"] in ("killed", "equivalent"), row
        assert row["because"], row
        assert (ROOT / row["file"]).is_file()
        assert re.fullmatch("[0-9a-f]{12}", row["source"])


def test_of_a_file_that_is_as_it_was_every_mutant_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "mutations"), *sys.path])
    from mutation_points import mutants_of

    run: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    for row in rows():
        run.setdefault((row["file"], row["source"]), set()).add((row["line"], row["old"], row["new"]))
    assert len(run) == len({file for file, _ in run})  # of one file, one text
    for (file, source), known in run.items():
        if sha256((ROOT / file).read_bytes()).hexdigest()[:12] == source:
            there = {(str(one.line), " ".join(one.old.split()), one.new) for one in mutants_of(ROOT / file)}
            assert known == there, file
