"""`simlib compare` as a user runs it."""

import csv
import json
from pathlib import Path

import pytest

from simlib.scenario.base import find_bundled
from support.command_line import simlib, simlib_forked, write_log, write_tiny

REPEATABLE = (
    "report.html",
    "latency.svg",
    "latency.png",
    "tradeoff.svg",
    "tradeoff.png",
    "summary.csv",
    "pairs.csv",
    "best.csv",
)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny scenario and its report, made with one process."""
    folder = tmp_path_factory.mktemp("reported")
    write_tiny(folder)
    done = simlib_forked("compare", "tiny.toml", "--out", "out", "--workers", "1", cwd=folder, figures=True)
    assert done.returncode == 0, done.stderr
    (folder / "stdout.txt").write_text(done.stdout, encoding="utf-8")
    (folder / "stderr.txt").write_text(done.stderr, encoding="utf-8")
    return folder


def test_it_ends_with_table_verdict_notes_and_where_the_report_is(reported: Path) -> None:
    told = (reported / "stdout.txt").read_text(encoding="utf-8")
    order = [
        "Tiny: 3 designs x 2 replications",
        "mean latency, ms",
        "Limits\n",
        "Verdict\n",
        "jwt against cached:",
        "Notes\n",
    ]
    places = [told.index(piece) for piece in order]
    assert places == sorted(places)
    assert told.endswith("Report: out/report.html\n")


def test_three_designs_fit_into_a_hundred_columns_without_control_codes(reported: Path) -> None:
    told = (reported / "stdout.txt").read_text(encoding="utf-8")
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) <= 100
    assert any(all(name in line for name in ("opaque", "cached", "jwt")) for line in told.splitlines())


def test_progress_goes_to_standard_error_in_few_lines(reported: Path) -> None:
    lines = (reported / "stderr.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "simulating: 0 of 18 runs"
    assert lines[-1] == "simulating: 18 of 18 runs"
    assert len(lines) <= 11


def test_the_tables_do_not_depend_on_processes_and_repeat_from_the_record(reported: Path) -> None:
    first = simlib("compare", "out/run.json", "--out", "again", "--workers", "2", cwd=reported, figures=True)
    assert first.returncode == 0, first.stderr
    for name in (*REPEATABLE, "replications.csv", "verdict.txt"):
        assert (reported / "again" / name).read_bytes() == (reported / "out" / name).read_bytes(), name


def test_options_take_the_place_of_values_and_are_recorded(reported: Path) -> None:
    done = simlib("compare", "tiny.toml", "--out", "other", "--seed", "9", "--replications", "1", cwd=reported)
    assert done.returncode == 0, done.stderr
    record = json.loads((reported / "other" / "run.json").read_text(encoding="utf-8"))
    assert record["scenario"]["run"]["seed"] == record["seeds"]["seed"] == 9
    assert record["options"] == {"command": "compare", "seed": 9, "replications": 1}
    assert record["duration_s"] > 0
    rows = table(reported / "other" / "replications.csv")
    assert [row["design"] for row in rows] == ["opaque", "cached", "jwt"]
    ours = (reported / "out" / "replications.csv").read_text(encoding="utf-8").splitlines()
    assert ours[1] != (reported / "other" / "replications.csv").read_text(encoding="utf-8").splitlines()[1]


def test_json_is_one_document_and_nothing_else(reported: Path) -> None:
    done = simlib("compare", "tiny.toml", "--json", "--replications", "1", cwd=reported)
    document = json.loads(done.stdout)
    assert document["baseline"] == "opaque"
    assert document["report"] is None
    assert {row["metric"] for row in document["summary"]} >= {"mean_s", "exposure_s", "as_requests_per_s"}
    assert len(document["rows"]) == 3


def test_a_replayed_log_is_described_and_its_speed_up_warned_about(tmp_path: Path) -> None:
    write_tiny(tmp_path, ("token_lifetime_s = 5", "token_lifetime_s = 30"), ("ttl_s = 2", "ttl_s = 30"))
    write_log(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    arguments = ("compare", "../tiny.toml", "--load", "../access.log", "--speed-up", "10", "--copies", "2")
    done = simlib(*arguments, "--out", "out", cwd=tmp_path / "elsewhere")
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "access.log: common, 200 lines, 0 broken, 10 users, 200 s" in words
    assert "replayed at 20 requests per second over 20 s" in words
    assert "requests per token and cache TTL of 30 s" in words
    assert "warning: Speed-up distorts the reuse of tokens" in words
    assert "conditional on this one trace" in words
    page = (tmp_path / "elsewhere" / "out" / "report.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in page


def test_a_replay_repeats_from_its_record_and_only_with_the_same_log(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    log = write_log(tmp_path, 100)
    once = simlib(
        "compare",
        "tiny.toml",
        "--load",
        "access.log",
        "--copies",
        "3",
        "--profiles",
        "none",
        "--out",
        "out",
        cwd=tmp_path,
    )
    assert once.returncode == 0, once.stderr
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["scenario"]["world"]["load"]["file"] == "../access.log"
    assert record["trace"]["lines"] == 100
    again = simlib("compare", "out/run.json", "--out", "again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    for name in (*REPEATABLE, "replications.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes(), name
    log.write_text(log.read_text(encoding="utf-8").replace("10.0.0.1", "10.0.0.2"), encoding="utf-8")
    refused = simlib("compare", "out/run.json", cwd=tmp_path)
    assert refused.returncode == 2
    assert "not the file that this run replayed" in refused.stderr


def test_another_profile_is_used_and_a_record_notices_a_changed_one(tmp_path: Path) -> None:
    profile = tmp_path / "mine.csv"
    profile.write_bytes((find_bundled("profiles") / "python-2026.csv").read_bytes())
    write_tiny(tmp_path, ("replications = 2", "replications = 1"))
    done = simlib("compare", "tiny.toml", "--profile", "mine.csv", "--profiles", "none", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warning" not in simlib("compare", "out/run.json", cwd=tmp_path).stderr
    with profile.open("a", encoding="utf-8") as rows:
        rows.write("another.operation,0.1\n")
    assert "not the one that this run was made with" in simlib("compare", "out/run.json", cwd=tmp_path).stderr


def test_an_unstable_design_is_named_and_not_averaged(tmp_path: Path) -> None:
    write_tiny(tmp_path, ("mean_s = 0.004", "mean_s = 0.2"), ("replications = 2", "replications = 3"))
    done = simlib("compare", "tiny.toml", "--profiles", "none", "--out", "out", cwd=tmp_path)
    words = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stderr
    assert "opaque is unstable: its backlog grows" in words
    assert "Limit broken by opaque: p99 latency: no steady value, for the design does not keep up" in words
    assert "replicas.service = 1 leaves it behind" in words
    rows = table(tmp_path / "out" / "summary.csv")
    assert {row["mean"] for row in rows if row["metric"] in ("mean_s", "p99_s", "exposure_s")} == {""}


def test_every_limit_is_checked_and_a_refusal_names_the_value_that_would_do(tmp_path: Path) -> None:
    strict = "[limits]\nrevocation_lag_s = 4\nopaque_to_clients = true\navailability = 0.9\n"
    write_tiny(tmp_path, ("[limits]\n", strict))
    done = simlib("compare", "tiny.toml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    limits = {(row["design"], row["metric"]): row for row in document["limits"]}
    assert {limit for design, limit in limits if design == "jwt"} >= {"p99_s", "opaque_to_clients", "availability"}
    assert limits["jwt", "opaque_to_clients"]["word"] == "broken"
    lag = limits["opaque", "revocation_lag_s"]
    assert lag["word"] == "broken"
    assert [(own["key"], own["value"]) for own in lag["remedies"][0]] == [("designs.opaque.service.timeout_s", 4)]
    met = [sentence for sentence in document["limit_sentences"] if " met by " in sentence]
    assert not any("jwt" in sentence for sentence in met)


def test_another_baseline_is_compared_with_and_recorded(reported: Path) -> None:
    done = simlib("compare", "tiny.toml", "--baseline", "jwt", "--json", "--out", "from_jwt", cwd=reported)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["baseline"] == "jwt"
    words = {(row["design"], row["metric"]): row["word"] for row in document["summary"]}
    assert words["jwt", "mean_s"] == ""
    assert words["opaque", "as_requests_per_s"] == "worse"
    again = json.loads(simlib("compare", "from_jwt/run.json", "--json", cwd=reported).stdout)
    assert again["baseline"] == "jwt"
    assert again["pairs"] == document["pairs"]
    refused = simlib("compare", "tiny.toml", "--baseline", "jwtt", cwd=reported)
    assert refused.returncode == 2
    assert "--baseline: unknown design 'jwtt'" in refused.stderr


def test_pairs_and_best_designs_are_files_of_the_report(reported: Path) -> None:
    pairs = table(reported / "out" / "pairs.csv")
    assert {(row["design"], row["against"]) for row in pairs} == {
        ("cached", "opaque"),
        ("jwt", "opaque"),
        ("jwt", "cached"),
    }
    best = table(reported / "out" / "best.csv")
    assert {row["word"] for row in best if row["metric"] == "as_requests_per_s"} <= {"best", "worse", "undecided"}
    page = (reported / "out" / "report.html").read_text(encoding="utf-8")
    assert "Every pair of designs" in page
    assert "hold together with 95 %" in page
