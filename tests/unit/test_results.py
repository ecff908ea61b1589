"""Results of a store as a table, and SQL over it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import simlib
from simlib.experiment.result_store import MARKER
from simlib.experiment.results import load_results, query_results
from simlib.scenario.errors import InputError
from support.command_line import simlib as run_command
from support.missing_packages import hide_packages
from support.scenarios import design_of, scenario
from support.stores import list_results

RATE, TTL, ALGORITHM = "world.load.arrival_rate", "design.service.ttl_s", "design.authorization_server.algorithm"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A store, and what the sweep that filled it returned."""
    designs = {
        "cached": design_of("opaque_cached", "reference_token"),
        "jwt": design_of("jwt_local", "jwt_access_token"),
    }
    small = scenario(designs=designs, run__length_s=7.0)
    folder = tmp_path_factory.mktemp("swept") / "store"
    vary: dict[str, Any] = {RATE: "5:20:2", "designs.cached.service.ttl_s": [1.0, 4.0], "algorithm": "RS256,ES256"}
    return folder, simlib.sweep(small, vary, store=folder)


def test_a_store_has_each_run_once_with_the_settings_that_were_varied(swept: tuple[Path, pd.DataFrame]) -> None:
    folder, frame = swept
    results = simlib.read_results(folder)
    assert len(results) == len(list_results(folder)) == 2 * (2 * 2 + 2 * 2)
    assert list(results.columns[:4]) == ["design", "replication", "seed", "profile"]
    assert sorted(results.columns[4:7]) == sorted([RATE, TTL, ALGORITHM])
    own = results[results["design"] == "jwt"].rename(columns={ALGORITHM: "algorithm"})
    keys = [RATE, "algorithm", "replication"]
    of_sweep = frame[frame["design"] == "jwt"].drop_duplicates(keys)
    merged = own.merge(of_sweep, on=keys, suffixes=("", "_swept"))
    assert len(merged) == 8
    for figure in ("mean_s", "p99_s", "as_utilisation"):
        assert (merged[figure] == merged[f"{figure}_swept"]).all()
    assert own[TTL].isna().all()


def test_sql_gives_what_pandas_gives(swept: tuple[Path, pd.DataFrame]) -> None:
    pytest.importorskip("duckdb")
    results = simlib.read_results(swept[0])
    sql = f'select design, "{RATE}" as rate, avg(mean_s) as mean from results group by all order by all'
    answer = query_results(swept[0], sql)
    expected = results.groupby(["design", RATE])["mean_s"].mean()
    assert list(answer["mean"]) == pytest.approx(list(expected))
    assert list(zip(answer["design"], answer["rate"], strict=True)) == list(expected.index)


def test_the_command_prints_tables_and_json(swept: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    folder = swept[0]
    listed = run_command("results", folder, cwd=tmp_path)
    assert listed.stdout.splitlines()[0] == "16 runs: cached 8, jwt 8"
    assert f"{RATE} = 5.0, 20.0" in listed.stdout
    document = json.loads(run_command("results", folder, "--json", cwd=tmp_path).stdout)
    assert (document["results"], document["seeds"], document["damaged"]) == (16, [7], [])
    assert document["settings"][TTL] == [1.0, 4.0]
    sql = "select design, count(*) as n, max(null_figure) as nothing from (select *, null::double as null_figure from "
    query = ("--query", f"{sql}results) group by design order by design")
    rows = json.loads(run_command("results", folder, *query, "--json", cwd=tmp_path).stdout)["rows"]
    assert rows == [{"design": name, "n": 8, "nothing": None} for name in ("cached", "jwt")]
    printed = run_command("results", folder, *query, cwd=tmp_path).stdout
    assert [line.split() for line in printed.splitlines()[2:]] == [["cached", "8"], ["jwt", "8"]]


def test_damaged_files_are_left_out_and_named(swept: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    store = tmp_path / "store"
    for path in (swept[0] / MARKER, *list_results(swept[0])):
        place = store / path.relative_to(swept[0])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    first = list_results(store)[0]
    first.write_bytes(first.read_bytes()[:-20])
    assert load_results(store)[1] == [first]
    with pytest.warns(UserWarning, match=first.name):
        assert len(simlib.read_results(store)) == 15
    done = run_command("results", "store", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.startswith(f"simlib: warning: store/{first.parent.name}/{first.name} is damaged and left out")
    assert done.stdout.startswith("15 runs")


def test_an_empty_store_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text('{"format": "simlib-store-1", "code": "0.1.0"}', encoding="utf-8")
    assert list(simlib.read_results(tmp_path).columns) == ["design", "replication", "seed", "profile"]
    assert run_command("results", ".", cwd=tmp_path).stdout == "0 runs\n"


@pytest.mark.parametrize(
    ("sql", "words"),
    [("select nope from results", "nope"), ("selct", "syntax error"), ("", "--query")],
)
def test_wrong_sql_is_refused_in_one_line(
    sql: str, words: str, swept: tuple[Path, pd.DataFrame], tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    done = run_command("results", swept[0], "--query", sql, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("simlib: error: --query: ")
    assert words in done.stderr


@pytest.mark.parametrize(
    ("package", "sentence"),
    [
        ("duckdb", "--query needs the package duckdb, which is not installed: pip install 'simlib[query]'"),
        (
            "pyarrow",
            "a store of results needs the package pyarrow, which is not installed: pip install 'simlib[records]'",
        ),
    ],
)
def test_missing_packages_are_named_with_their_extra(
    package: str, sentence: str, swept: tuple[Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_packages(monkeypatch, package)
    with pytest.raises(InputError) as refused:
        query_results(swept[0], "select 1")
    assert str(refused.value) == sentence


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no store of results, for it has no store\.json"):
        simlib.read_results(tmp_path)
