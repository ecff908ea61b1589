"""``--store``: a command that was ended goes on where it stopped, and the store is that of one that was not."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from support.command_line import interrupt, simlib, started, write_tiny
from support.stores import SMALL, SMALL_RUNS, kill_group, list_results, read_files, wait_for_results

QUICK = ("--workers", "1")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was filled without an interruption, and what the sweep printed."""
    folder = tmp_path_factory.mktemp("whole")
    write_tiny(folder)
    done = simlib("sweep", "tiny.toml", *SMALL, *QUICK, "--store", "store", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith(f"store: 0 runs were there already, {SMALL_RUNS} were added\n")
    (folder / "answer.json").write_text(done.stdout, encoding="utf-8")
    return folder


def test_a_killed_sweep_goes_on_also_twice_at_once_and_gives_the_same_files(whole: Path, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    store = tmp_path / "store"
    command = ("sweep", "tiny.toml", *SMALL, "--store", "store", "--json")
    with started(*command, "--workers", "2", cwd=tmp_path) as running:
        wait_for_results(store, SMALL_RUNS // 3, running)
        kill_group(running)
    left = len(list_results(store))
    assert SMALL_RUNS // 3 <= left < SMALL_RUNS
    with started(*command, *QUICK, cwd=tmp_path) as other:
        done = simlib(*command, *QUICK, cwd=tmp_path)
        answer, errors = other.communicate(timeout=120)
    assert (done.returncode, other.returncode) == (0, 0), errors
    assert f"store: {left} runs were there already" in done.stderr
    assert read_files(store) == read_files(whole / "store")
    assert done.stdout == answer == (whole / "answer.json").read_text(encoding="utf-8")


def test_ctrl_c_keeps_the_finished_runs_and_says_where(whole: Path, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    with started("sweep", "tiny.toml", *SMALL, *QUICK, "--store", "store", "--out", "out", cwd=tmp_path) as running:
        wait_for_results(tmp_path / "store", 2, running)
        status, errors = interrupt(running)
    assert status == 130
    kept = "store holds the finished runs, the same command goes on from there"
    assert errors.endswith(f"simlib: interrupted: no sweep was written to out; {kept}\n")
    assert not (tmp_path / "out").exists()
    assert 2 <= len(list_results(tmp_path / "store")) < SMALL_RUNS
    files = read_files(whole / "store")
    assert {name: content for name, content in read_files(tmp_path / "store").items() if files[name] != content} == {}


def test_the_answer_is_the_one_without_a_store_and_a_repeated_one_runs_nothing(whole: Path) -> None:
    command = ("sweep", "tiny.toml", *SMALL, *QUICK, "--json")
    again = simlib(*command, "--store", "store", cwd=whole)
    assert again.stderr.endswith(f"store: {SMALL_RUNS} runs were there already, 0 were added\n")
    assert again.stdout == simlib(*command, cwd=whole).stdout == (whole / "answer.json").read_text(encoding="utf-8")


def test_a_comparison_and_other_limits_take_the_runs_of_the_store(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    write_tiny(tmp_path, ("p99_s = 0.2", "p99_s = 0.3"), name="looser.toml")
    first = simlib("compare", "tiny.toml", *QUICK, "--store", "store", "--json", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    second = simlib("compare", "looser.toml", *QUICK, "--store", "store", "--json", cwd=tmp_path)
    assert second.stderr.endswith("store: 6 runs were there already, 0 were added\n")
    summaries = [json.loads(done.stdout)["designs"] for done in (first, second)]
    assert summaries[0] == summaries[1]


def test_a_changed_estimate_decides_again_without_a_simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tiny(tmp_path, ("replications = 2", "replications = 3"))
    options = ("--draws", "200", "--no-sensitivity", *QUICK, "--store", "store", "--json")
    first = json.loads(simlib("decide", path, *options, cwd=tmp_path).stdout)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a simulation was run")

    for module, name in (("experiment.replicate", "simulate"), ("decision.gain.pilot_runs", "run_network")):
        monkeypatch.setattr(import_module(f"simlib.{module}"), name, refuse)
    done = simlib("decide", path, *options, "--price-developer-day", "9000", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith(" 0 were added\n")
    second = json.loads(done.stdout)
    means = [{row["design"]: row["total_cost"]["mean"] for row in document["ranking"]} for document in (first, second)]
    assert means[0].keys() == means[1].keys()
    assert all(means[1][design] > means[0][design] for design in means[0])


@pytest.mark.parametrize("command", ["sweep", "compare", "decide"])
def test_a_folder_that_is_no_store_is_refused_in_one_line(command: str, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib(command, "tiny.toml", "--vary", "load=5,10", "--store", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    line = "simlib: error: --store .: is not empty and no store of results of this version; name another folder\n"
    assert done.stderr == line


@pytest.mark.parametrize(("store", "out"), [("kept", "kept"), ("out/kept", "out"), ("kept", "kept/out")])
def test_a_store_and_a_report_lie_beside_each_other(store: str, out: str, tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--store", store, "--out", out, cwd=tmp_path)
    line = f"simlib: error: --store {store}: and --out {out} must be folders beside each other\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]
