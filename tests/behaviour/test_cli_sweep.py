"""`simlib sweep`: the load, a cache's time to live, or any key, as tables and as a figure."""

import csv
import json
from pathlib import Path

import pytest

from simlib.analysis.cache_theory import zipf_ttl_hit_ratio
from simlib.report.sweep_report import FILES
from support.command_line import interrupted, simlib, write_log, write_tiny


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_sweep_over_the_time_to_live_stands_beside_the_closed_form(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    arguments = ("--vary", "ttl=0.5,2", "--out", "out")
    done = simlib("sweep", "tiny.toml", *arguments, cwd=tmp_path, figures=True)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    assert "closed form" in done.stdout
    assert "these live 5 s" in " ".join(done.stdout.split())
    assert done.stderr.splitlines()[-1] == "simulating: 4 of 4 runs"  # two values, two replications, one design
    found = {
        (row["value"], row["metric"]): row
        for row in rows(tmp_path / "out" / "intervals.csv")
        if row["design"] == "cached"
    }
    short, long = found["0.5", "hit_ratio"], found["2.0", "hit_ratio"]
    assert 0 < float(short["mean"]) < float(long["mean"]) < 1
    assert float(long["closed_form"]) == pytest.approx(zipf_ttl_hit_ratio(20.0, 2.0, 20, 0.0))
    assert short["closed_form"]
    assert not found["0.5", "exposure_s"]["closed_form"]
    assert "<svg" in (tmp_path / "out" / "figure.svg").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_a_sweep_over_the_load_holds_every_design_and_a_chosen_metric(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    arguments = ("--vary", "load=5,40", "--metric", "mean_s", "--json")
    done = simlib("sweep", "tiny.toml", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["key"] == "world.load.arrival_rate"
    assert document["values"] == [5.0, 40.0]
    assert document["designs"] == ["opaque", "cached", "jwt"]
    assert document["folder"] is None
    assert document["figure"].startswith("mean latency, ms, against the load")
    busy = {(row["value"], row["design"]): row["mean"] for row in document["rows"] if row["metric"] == "as_utilisation"}
    assert busy[40.0, "opaque"] > 4 * busy[5.0, "opaque"]


def test_any_key_can_be_swept_for_some_designs(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    arguments = (
        "--vary",
        "world.service.work.mean_s=0.002,0.008",
        "--design",
        "jwt",
        "--metric",
        "p50_s",
    )
    done = simlib("sweep", "tiny.toml", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "simulating: 4 of 4 runs"
    assert "mean_s" in done.stdout
    assert "p50 latency, ms" in done.stdout
    assert "opaque" not in done.stdout


def test_a_closed_load_is_swept_over_its_users(tmp_path: Path) -> None:
    closed = 'load = { kind = "closed", think = { kind = "exponential", mean_s = 0.5 } }'
    write_tiny(tmp_path, ('load = { kind = "poisson", arrival_rate = 20.0 }', closed))
    arguments = ("--vary", "load=2,6", "--design", "jwt", "--json")
    document = json.loads(simlib("sweep", "tiny.toml", *arguments, cwd=tmp_path).stdout)
    assert document["key"] == "world.population.users"
    assert document["values"] == [2, 6]


def test_workers_do_not_matter_and_the_same_again_gives_the_same_files(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    for workers, out in (("1", "one"), ("2", "two")):
        arguments = ("--vary", "ttl=1,3", "--workers", workers, "--out", out)
        assert simlib("sweep", "tiny.toml", *arguments, cwd=tmp_path, figures=True).returncode == 0
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--vary", "ttl", "--design", "jwt"], ["--vary ttl", "no design", "jwt"]),
        (["--vary", "ttl", "--design", "nobody"], ["'nobody'", "cached"]),
        (["--vary", "ttl=5,many"], ["ttl_s", "a number", "'many'"]),
        (["--vary", "ttl=-5"], ["ttl_s"]),
        (["--vary", "load=nan"], ["arrival_rate"]),
        (["--vary", "load", "--metric", "p42_s"], ["--metric", "'p42_s'", "p95_s"]),
        (["--vary", "load", "--length", "1"], ["--length", "warm-up of 2 s"]),
        (["--vary", "world.load.rat"], ["which values", "--vary world.load.rat=1,2,5"]),
        (["--vary", "world.load.rat=1"], ["rat", "arrival_rate"]),
        (["--vary", "nothing.at.all=1"], ["nothing"]),
        (["--vary", "load", "--replications", "0"], ["--replications"]),
        (["--vary", "load", "--out", "mine"], ["--out mine", "not an empty folder"]),
        ([], ["--vary", "is missing"]),
        (["--over", "load"], ["--over load", "--vary load now"]),
        (["--over", "ttl", "--values", "5,30"], ["--vary ttl=5,30 now"]),
        (["--vary", "algoritm=RS256"], ["no design has such a setting", "did you mean 'algorithm'"]),
        (["--vary", "designs.cachd.service.ttl_s=1"], ["'designs.cachd'", "did you mean 'cached'"]),
        (["--vary", "load=1:1000:1000", "--vary", "ttl=1:1000:1000"], ["1,000,000 cells", "10,000", "--yes"]),
        (["--vary", "load=1:20"], ["how many values", "load", ":8"]),
        (["--vary", "load=1:20", "--sample", "halton:8"], ["--sample halton:8", "latin:N"]),
        (["--vary", "load=1:20", "--sample", "sobol:9"], ["power of two", "8 or 16"]),
        (["--sample", "latin:9"], ["--sample latin:9", "over which ranges"]),
        (["--vary", "load", "--half-width", "little"], ["--half-width little", "0.1ms"]),
        (["--vary", "load", "--half-width", "0ms"], ["--half-width 0ms", "above 0"]),
        (["--vary", "load=9:1:3"], ["from a lower number"]),
        (["--vary", "=3"], ["KEY=1,2,5"]),
        (["--vary", "load=1", "--vary", "load=2"], ["is given twice"]),
    ],
)
def test_what_cannot_be_swept_is_told_in_one_line(options: list[str], words: list[str], tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious", encoding="utf-8")
    done = simlib("sweep", "tiny.toml", *options, "--json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("simlib: error: ")
    assert [word for word in words if word not in line] == []
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_replayed_log_has_its_own_load(tmp_path: Path) -> None:
    write_log(tmp_path)
    write_tiny(tmp_path, ('kind = "poisson", arrival_rate = 20.0', 'kind = "replay", file = "access.log"'))
    done = simlib("sweep", "tiny.toml", "--vary", "load", cwd=tmp_path)
    assert done.returncode == 2
    assert "world.load.copies" in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_leaves_nothing(workers: str, tmp_path: Path) -> None:
    write_tiny(tmp_path, ("length_s = 8", "length_s = 4000"))
    arguments = ("--vary", "ttl", "--out", "out", "--workers", workers)
    ended = interrupted("sweep", "tiny.toml", *arguments, cwd=tmp_path)
    assert ended.returncode == 130
    assert ended.stderr.endswith("simlib: interrupted: no sweep was written to out\n")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]
