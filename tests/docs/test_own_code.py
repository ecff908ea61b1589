"""The stored size of simlib's own parts is that of the definitions as they are now."""

import csv
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
RENEW = "run `make evidence` and commit data/effort/own_code.csv"


def read_rows() -> list[dict[str, str]]:
    with (ROOT / "data" / "effort" / "own_code.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(name="own")
def own_definitions(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "evidence"), *sys.path])
    import own_definitions

    return own_definitions


def test_each_definition_is_in_one_unit(own: ModuleType) -> None:
    assert own.list_faults() == []


def test_every_unit_was_measured_as_it_is(own: ModuleType) -> None:
    stored = {row["unit"]: (row["parts"], row["uses"], row["source"]) for row in read_rows()}
    assert sorted(stored) == sorted(str(unit) for unit in own.list_units()), RENEW
    for unit in own.list_units():
        now = (own.find_parts(unit), ";".join(own.find_uses(unit)), own.digest_unit(unit))
        assert stored[str(unit)] == now, f"{unit}: {RENEW}"


def test_what_was_measured_fits_the_files() -> None:
    for row in read_rows():
        lines = len((ROOT / "simlib" / row["unit"].partition(":")[0]).read_text(encoding="utf-8").splitlines())
        assert 0 < int(row["nloc"]) < lines
        assert int(row["functions"]) <= int(row["cyclomatic"])


def test_the_tool_counts_what_is_stored(own: ModuleType) -> None:
    lizard = pytest.importorskip("lizard")
    stored = {row["unit"]: row for row in read_rows() if row["tool"] == f"lizard {lizard.version}"}
    for unit in own.list_units():
        if str(unit) in stored:
            found = lizard.analyze_file.analyze_source_code(unit.file, own.PACKAGE.write_out(unit))
            kept = stored[str(unit)]
            assert (int(kept["nloc"]), int(kept["functions"])) == (found.nloc, len(found.function_list)), unit
