"""`simlib compare --records`: a folder per design and replication, whole or not at all."""

from pathlib import Path

import pytest

import simlib as package
from simlib.scenario.records import SCHEMA
from support.command_line import interrupted, simlib, write_tiny
from support.missing_packages import hide_packages

LONG = ("length_s = 8", "length_s = 4000")


@pytest.mark.parametrize("workers", [1, 2])
def test_every_run_is_kept_and_equals_its_simulation(workers: int, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--records", "rows", "--workers", str(workers), "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows", "tiny.toml"]
    scenario = package.load_scenario(tmp_path / "tiny.toml")
    files = {path.relative_to(tmp_path / "rows").as_posix() for path in (tmp_path / "rows").rglob("*.parquet")}
    assert files == {f"{d}/000{n}/{table}.parquet" for d in scenario.designs for n in (0, 1) for table in SCHEMA}
    for design in scenario.designs:
        kept = package.read_records(tmp_path / "rows" / design / "0001")
        assert kept.equals(package.simulate(scenario, design, 1))


def test_keeping_the_rows_changes_no_figure(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    plain = simlib("compare", "tiny.toml", "--json", cwd=tmp_path)
    kept = simlib("compare", "tiny.toml", "--json", "--records", "rows", cwd=tmp_path)
    assert plain.stdout == kept.stdout


def test_without_pyarrow_nothing_runs_and_one_line_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny(tmp_path, LONG)
    hide_packages(monkeypatch, "pyarrow")
    done = simlib("compare", "tiny.toml", "--records", "rows", cwd=tmp_path)
    needed = "--records needs the package pyarrow, which is not installed: pip install 'simlib[records]'"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"simlib: error: {needed}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_a_folder_that_holds_something_is_refused_before_anything_runs(tmp_path: Path) -> None:
    write_tiny(tmp_path, LONG)
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "notes.txt").write_text("precious", encoding="utf-8")
    done = simlib("compare", "tiny.toml", "--records", "rows", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "simlib: error: --records rows: exists and is not an empty folder; name another\n"
    assert [path.name for path in (tmp_path / "rows").iterdir()] == ["notes.txt"]


def test_rows_do_not_go_into_the_report(tmp_path: Path) -> None:
    write_tiny(tmp_path, LONG)
    done = simlib("compare", "tiny.toml", "--out", "out", "--records", "out/rows", cwd=tmp_path)
    assert done.returncode == 2
    assert "lies in the folder of the report" in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_leaves_no_rows(workers: str, tmp_path: Path) -> None:
    write_tiny(tmp_path, LONG)
    ended = interrupted("compare", "tiny.toml", "--records", "rows", "--workers", workers, cwd=tmp_path)
    assert ended.returncode == 130
    assert ended.stderr.endswith("simlib: interrupted: no records were written to rows\n")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]
