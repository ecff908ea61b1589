"""`simlib compare` with times that are measured in the very run."""

import json
from pathlib import Path

from support.command_line import simlib, write_tiny

SAID = "Times were measured in this very run (run.timing = live); they vary from run to run."


def test_the_option_charges_measured_times_and_everything_written_says_so(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--timing", "live", "--workers", "2", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert SAID in " ".join(done.stdout.split())
    for name in ("report.html", "verdict.txt", "run.json"):
        assert SAID in " ".join((tmp_path / "out" / name).read_text(encoding="utf-8").split()), name
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["note"] == SAID
    assert record["scenario"]["run"]["timing"] == record["options"]["timing"] == "live"
    again = simlib("compare", "out/run.json", "--json", cwd=tmp_path)  # measured anew
    assert again.returncode == 0, again.stderr
    document = json.loads(again.stdout)
    assert any(note.startswith(SAID) for note in document["notes"])
    assert {row["design"] for row in document["rows"]} == {"opaque", "cached", "jwt"}


def test_the_key_of_the_file_does_the_same_and_the_option_takes_its_place(tmp_path: Path) -> None:
    write_tiny(tmp_path, ("replications = 2", 'replications = 1\ntiming = "live"'))
    done = simlib("compare", "tiny.toml", "--records", "rows", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert any(note.startswith(SAID) for note in json.loads(done.stdout)["notes"])
    assert (tmp_path / "rows" / "jwt" / "0000" / "operations.parquet").exists()
    done = simlib("compare", "tiny.toml", "--timing", "profile", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert SAID not in " ".join(done.stdout.split())
    assert "note" not in json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))


def test_another_word_is_refused_in_one_line(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--timing", "sometimes", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("simlib: error: --timing: ")
    assert all(word in line for word in ("profile", "live", "sometimes"))


def test_the_schema_tells_what_timing_is() -> None:
    done = simlib("schema", cwd=Path.cwd())
    timing = json.loads(done.stdout)["$defs"]["Run"]["properties"]["timing"]
    assert timing["enum"] == ["profile", "live"]
    assert timing["default"] == "profile"
    assert "stopwatch in this run" in timing["description"]
