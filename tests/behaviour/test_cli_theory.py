"""`simlib theory`: simulated and exact answers side by side."""

import json
from pathlib import Path

from support.command_line import interrupted, simlib, write_tiny

CLOSED = (
    'load = { kind = "poisson", arrival_rate = 20.0 }',
    'load = { kind = "closed", think = { kind = "exponential", mean_s = 0.5 } }',
)
SHARED = ("[world.service]\n", '[world.service]\ndiscipline = "processor_sharing"\n')
ALSO = ('"https://as.example" }', '"https://as.example", discipline = "processor_sharing" }')
CALM = ("revocations = { rate = 0.5 }\n", "")


def test_a_closed_scenario_stands_beside_mean_value_analysis(tmp_path: Path) -> None:
    write_tiny(tmp_path, CLOSED, SHARED, ALSO, CALM)
    done = simlib("theory", "tiny.toml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["level"] == 0.99
    rows = {(row["network"], row["quantity"]): row for row in document["checked"]}
    assert len(rows) == 9
    row = rows["tiny: jwt", "throughput"]
    assert 30 < row["theory"] < 40  # twenty users who think half a second and wait for some hundredths
    assert row["low"] < row["simulated"] < row["high"]
    assert row["inside"] == (row["low"] <= row["theory"] <= row["high"])
    assert document["notes"] == ["Calls of cached depend on earlier calls: the analysis is an approximation there."]


def test_the_table_names_both_answers_and_fits_into_a_hundred_columns(tmp_path: Path) -> None:
    write_tiny(tmp_path, CLOSED)
    done = simlib("theory", "tiny.toml", "--replications", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "tiny: opaque" in done.stdout
    for title in ("network", "quantity", "theory", "simulated", "inside?"):
        assert title in done.stdout.splitlines()[0]
    assert "of 9 exact values lie inside the 99 % intervals" in done.stdout
    assert "first come, first served" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_one_replication_has_no_interval_to_be_inside_of(tmp_path: Path) -> None:
    write_tiny(tmp_path, CLOSED)
    told = simlib("theory", "tiny.toml", "--replications", "1", cwd=tmp_path).stdout
    assert "not known" in told
    assert "0 of 0 exact values" in told


def test_a_load_that_is_not_closed_is_refused_in_one_line(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("theory", "tiny.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "tiny.toml: world.load.kind" in line
    assert "'poisson'" in line


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    write_tiny(tmp_path, CLOSED, ("length_s = 8", "length_s = 1000"))
    ended = interrupted("theory", "tiny.toml", "--workers", "1", cwd=tmp_path)
    assert ended.returncode == 130
    assert ended.stderr.endswith("simlib: interrupted: nothing was written\n")
