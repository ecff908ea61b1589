"""`simlib compare` and `simlib decide` with ``--vary``: every cell is what the command says of its scenario alone."""

import csv
import json
from pathlib import Path

import pytest

from support.command_line import simlib, write_tiny

QUICK = ("--draws", "200", "--no-sensitivity", "--workers", "1")


def test_a_cell_of_a_comparison_is_the_comparison_of_its_scenario(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    write_tiny(tmp_path, ('algorithm = "EdDSA"', 'algorithm = "ES256"'), name="es256.toml")
    options = ("--workers", "1", "--json")
    done = simlib("compare", "tiny.toml", "--vary", "algorithm=EdDSA,ES256", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [cell["point"] for cell in document["cells"]] == [{"algorithm": "EdDSA"}, {"algorithm": "ES256"}]
    for cell, name in zip(document["cells"], ("tiny.toml", "es256.toml"), strict=True):
        alone = json.loads(simlib("compare", name, *options, cwd=tmp_path).stdout)
        own = {key: value for key, value in cell.items() if key != "point"}
        assert {**own, "load": None} == {**alone, "scenario": own["scenario"]}


def test_a_folder_has_a_report_per_cell_and_an_index(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    options = ("--profiles", "none", "--workers", "1", "--out", "out")
    done = simlib("compare", "tiny.toml", "--vary", "load=10:20:2", "--vary", "ttl=1", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "cells.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["world.load.arrival_rate"] for row in rows] == ["10.0", "20.0"]
    assert all("jwt against cached" in row["result"] for row in rows)
    for row in rows:
        record = json.loads((tmp_path / "out" / row["cell"] / "run.json").read_text(encoding="utf-8"))
        assert str(record["scenario"]["world"]["load"]["arrival_rate"]) == row["world.load.arrival_rate"]
        assert record["scenario"]["designs"]["cached"]["service"]["ttl_s"] == 1.0
    assert "arrival_rate = 10, ttl_s = 1 (1 of 2)" in done.stdout
    assert done.stdout.endswith("Cells: out/cells.csv\n")


def test_a_decision_is_made_in_every_cell(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("decide", "tiny.toml", "--vary", "load=10", *QUICK, "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "1" / "decision.md").is_file()
    alone = simlib("decide", "out/1/run.json", "--json", "--workers", "1", cwd=tmp_path)
    with (tmp_path / "out" / "cells.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert json.loads(alone.stdout)["reason"].rstrip(".") in row["result"]


@pytest.mark.parametrize("command", ["compare", "decide"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--vary", "algoritm=ES256"), "did you mean 'algorithm'"),
        (("--vary", "load=1:1000:1000", "--vary", "ttl=1:1000:1000"), "1,000,000 cells"),
        (("--vary", "load"), "not an empty folder"),
        (("--vary", "algorithm=XS1"), "algorithm must be one of RS256"),
    ],
)
def test_bad_cells_are_refused_before_anything_runs(
    command: str, options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    write_tiny(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious", encoding="utf-8")
    done = simlib(command, "tiny.toml", *options, "--out", "mine", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("simlib: error: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_rows_cannot_be_kept_of_a_grid(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--vary", "load=10,20", "--records", "rows", cwd=tmp_path)
    assert done.returncode == 2
    assert "--records" in done.stderr
