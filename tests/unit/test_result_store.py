"""Store of results: addresses, files that show damage, atomic writes, and what it refuses."""

import errno
import math
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import simlib
from simlib.decision.gain import run_pilots
from simlib.experiment import result_store
from simlib.experiment.code_version import FOLDERS, compute_code_version, digest_package
from simlib.experiment.compare import compare, measure_header
from simlib.experiment.jobs import Job, Replication
from simlib.experiment.replicate import list_jobs, replicate, run_jobs
from simlib.experiment.result_address import AddressBuilder
from simlib.experiment.result_file import RunIdentity, build_replication, decode_row, encode_result
from simlib.experiment.result_store import MARKER, PARTS, ResultStore, open_store, use_store
from simlib.experiment.unfinished import tabulate_finished
from simlib.experiment.workers import collect_finished
from simlib.scenario.errors import InputError
from simlib.scenario.records import Records
from simlib.scenario.scenario import Scenario
from support.missing_packages import hide_packages
from support.scenarios import scenario

IDENTITY = RunIdentity("ab" * 20, "replication", "0.2.0+1", "jwt", 3, 7, "python-2026", "{}")
RESULT = Replication(
    "jwt", 3, {"mean_s": 0.0125, "count": 4, "none": math.nan, "most": math.inf}, {"service": "fifo"}, {"mean_s": -0.1}
)


def small(**changes: Any) -> Scenario:
    return scenario(**{"run__length_s": 7.0, **changes})


def opened(folder: Path) -> tuple[ResultStore, list[str]]:
    said: list[str] = []
    store = open_store(folder, notify=said.append)
    assert store is not None
    return store, said


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def address_of(scenario: Scenario, design: str = "jwt_local", **changes: Any) -> str:
    identity = AddressBuilder().identify(Job(scenario, design, 0)._replace(**changes))
    assert identity is not None
    return identity.address


def test_a_file_gives_back_what_was_written_with_its_types() -> None:
    numpy = RESULT._replace(figures={**RESULT.figures, "mean_s": np.float64(0.0125), "count": np.int64(4)})
    content = encode_result(IDENTITY, numpy)
    read = build_replication(decode_row(content))
    assert repr(read.figures) == repr(RESULT.figures)
    assert (read.forms, read.drift, read.design, read.replication) == (RESULT.forms, RESULT.drift, "jwt", 3)
    assert encode_result(IDENTITY, read) == content == encode_result(IDENTITY, RESULT)


def test_a_figure_cannot_take_the_name_of_another_column() -> None:
    with pytest.raises(ValueError, match="settings"):
        encode_result(IDENTITY, RESULT._replace(figures={"settings": 1.0}))


def test_a_damaged_file_is_noticed_wherever_it_is_damaged() -> None:
    content = encode_result(IDENTITY, RESULT)
    whole = decode_row(content)
    noticed = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        try:
            row = decode_row(bytes(damaged))
        except ValueError:
            noticed += 1
        else:
            assert repr(row) == repr(whole), f"byte {place} changes the result and is not noticed"
    assert noticed > len(content) / 2
    for length in range(0, len(content), 7):
        with pytest.raises(ValueError, match="whole file"):
            decode_row(content[:length])


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Another"},
        {"designs__jwt_local__title": "Another"},
        {"designs__opaque_cached__token_lifetime_s": 31.0},
        {"prices": {"developer_day": 999.0}},
        {"limits": {"p99_s": 0.5}},
        {"run__replications": 9},
        {"run__level": 0.9},
    ],
)
def test_an_address_does_not_depend_on_what_a_result_does_not(changes: Mapping[str, Any]) -> None:
    assert address_of(small(**changes)) == address_of(small())


@pytest.mark.parametrize(
    "changes",
    [
        {"run__seed": 8},
        {"run__length_s": 8.0},
        {"run__host_noise": "as_measured"},
        {"run__caches": "empty"},
        {"world__load__arrival_rate": 21.0},
        {"world__profile": "jvm-gateway-derived"},
        {"designs__jwt_local__token_lifetime_s": 31.0},
    ],
)
def test_an_address_depends_on_what_a_result_does(changes: Mapping[str, Any]) -> None:
    assert address_of(small(**changes)) != address_of(small())


def test_an_address_depends_on_the_costs_and_not_on_where_their_file_is() -> None:
    plain = small()
    copied = replace(plain.profile, about={"date": "another"}, source="/elsewhere/python-2026.csv")
    assert address_of(replace(plain, profile=copied)) == address_of(plain)
    name, quantiles = next(iter(plain.profile.quantiles.items()))
    dearer = replace(plain.profile, quantiles={**plain.profile.quantiles, name: quantiles * 2.0})
    assert address_of(replace(plain, profile=dearer)) != address_of(plain)


def test_runs_that_cannot_be_repeated_have_no_address(
    make_lambda: Callable[[Records, float], Mapping[str, float]],
) -> None:
    builder = AddressBuilder()
    assert builder.identify(Job(small(run__timing="live"), "jwt_local", 0)) is None
    assert builder.identify(Job(small(), "jwt_local", 0, figures=make_lambda)) is None
    assert address_of(small(), figures=measure_header) != address_of(small())
    assert address_of(small(), replication=1) != address_of(small(), replication=2)


@pytest.fixture
def make_lambda() -> Callable[[Records, float], Mapping[str, float]]:
    """A function whose text cannot be found."""
    names: dict[str, Any] = {"__name__": "typed_in"}
    exec("def figures(records, warm_up_s):\n    return {}", names)
    figures: Callable[[Records, float], Mapping[str, float]] = names["figures"]
    return figures


def test_the_code_version_is_that_of_the_code_a_run_depends_on(tmp_path: Path) -> None:
    root = Path(simlib.__file__).parent
    for name in (*FOLDERS, "report"):
        source = root / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, _make_place(tmp_path / name))
    digest = digest_package(tmp_path)
    assert compute_code_version() == f"{simlib.__version__}+{digest}"
    (tmp_path / "report" / "cells.py").write_text("", encoding="utf-8")
    assert digest_package(tmp_path) == digest
    engine = tmp_path / "engine" / "hosts.py"
    engine.write_text(engine.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert digest_package(tmp_path) != digest


def _make_place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_results_of_a_store_are_those_of_runs(tmp_path: Path) -> None:
    whole = small()
    plain = replicate(whole, "opaque_cached")
    for _ in range(2):
        store, _ = opened(tmp_path / "store")
        with use_store(store):
            pd.testing.assert_frame_equal(replicate(whole, "opaque_cached"), plain)
    assert (store.found, store.added) == (2, 0)
    comparison, kept = compare(whole), compare(whole, store=tmp_path / "store")
    pd.testing.assert_frame_equal(kept.table, comparison.table)
    assert repr((kept.forms, kept.drifts)) == repr((comparison.forms, comparison.drifts))
    assert len(list((tmp_path / "store").glob("*/*.parquet"))) == len(comparison.table)


def test_pilot_runs_are_kept_beside_replications_and_are_no_results(tmp_path: Path) -> None:
    plain = run_pilots(small())
    for _ in range(2):
        store, _ = opened(tmp_path)
        with use_store(store), collect_finished() as collected:
            assert run_pilots(small()) == plain
    assert (store.found, store.added, collected) == (3, 0, [])
    assert len(simlib.read_results(tmp_path)) == 0
    compare(small(run__replications=1), store=tmp_path)
    assert len(simlib.read_results(tmp_path)) == 3
    with collect_finished() as collected:
        run_pilots(small())
    assert (len(collected), len(tabulate_finished(collected))) == (3, 0)


def test_more_replications_run_only_those_that_are_missing(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    compare(small(), store=tmp_path)
    compare(small(run__replications=3), store=tmp_path, progress=lambda *counts: done.append(counts))
    assert done == [(6, 9), (7, 9), (8, 9), (9, 9)]


def test_damaged_files_are_named_and_computed_again(tmp_path: Path) -> None:
    compare(small(), store=tmp_path)
    before = files_of(tmp_path)
    first, second, third = sorted(tmp_path.glob("*/*.parquet"))[:3]
    first.write_bytes(first.read_bytes()[:-9])
    second.write_bytes(b"")
    shutil.copyfile(sorted(tmp_path.glob("*/*.parquet"))[3], third)
    store, said = opened(tmp_path)
    with use_store(store):
        compare(small())
    assert (store.found, store.added) == (3, 3)
    assert [any(str(path) in line for line in said) for path in (first, second, third)] == [True] * 3
    assert files_of(tmp_path) == before, "byte for byte as they were"


def test_a_full_disk_loses_nothing_and_the_same_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(small(), store=tmp_path / "whole")
    with monkeypatch.context() as patch:
        kept, synced = os.fsync, list[int]()

        def fill(descriptor: int) -> None:
            synced.append(descriptor)
            if len(synced) > 8:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            kept(descriptor)

        patch.setattr(os, "fsync", fill)
        with pytest.raises(InputError, match=r"store .*cannot be written \(No space left on device\); 3 new results"):
            compare(small(), store=tmp_path / "full")
    assert len(list((tmp_path / "full").glob("*/*.parquet"))) == 3
    assert list((tmp_path / "full" / PARTS).iterdir()) == []
    compare(small(), store=tmp_path / "full")
    assert files_of(tmp_path / "full") == files_of(tmp_path / "whole")


def test_an_interrupt_waits_until_a_finished_result_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.replace

    def interrupt(source: Path, target: Path) -> None:
        if str(target).endswith(".parquet"):
            signal.raise_signal(signal.SIGINT)
        rename(source, target)

    store, _ = opened(tmp_path)
    monkeypatch.setattr(os, "replace", interrupt)
    with use_store(store), pytest.raises(KeyboardInterrupt):
        run_jobs(list_jobs(small(), ("jwt_local",)))
    assert len(list(tmp_path.glob("*/*.parquet"))) == 1


def test_leftovers_of_killed_processes_go_and_files_in_use_stay(tmp_path: Path) -> None:
    opened(tmp_path)
    left, used = tmp_path / PARTS / "x.1.part", tmp_path / PARTS / "x.2.part"
    left.write_bytes(b"half")
    with used.open("xb") as file:
        result_store._lock(file.fileno())
        opened(tmp_path)
        assert [path.name for path in (tmp_path / PARTS).iterdir()] == ["x.2.part"]


def test_a_file_that_is_taken_for_a_leftover_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = opened(tmp_path)
    lock, locked = result_store._lock, list[int]()

    def lose(descriptor: int) -> None:
        lock(descriptor)
        locked.append(descriptor)
        if len(locked) == 1:
            next((tmp_path / PARTS).iterdir()).unlink()

    monkeypatch.setattr(result_store, "_lock", lose)
    store.write(IDENTITY, RESULT)
    assert len(locked) == 2
    assert store.read(IDENTITY) is not None


def _write_foreign(folder: Path) -> None:
    (folder / "thesis.txt").write_text("precious", encoding="utf-8")


def _write_other_version(folder: Path) -> None:
    opened(folder)
    text = (folder / MARKER).read_text(encoding="utf-8")
    (folder / MARKER).write_text(text.replace(compute_code_version(), "0.1.9+abc"), encoding="utf-8")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (_write_foreign, "not empty and no store"),
        (_write_other_version, r"was written by simlib 0\.1\.9\+abc, this is"),
    ],
)
def test_what_is_no_store_of_this_version_is_refused_and_kept(
    prepare: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    prepare(tmp_path)
    before = files_of(tmp_path)
    with pytest.raises(InputError, match=words) as refused:
        open_store(tmp_path, "--store")
    assert str(refused.value).startswith(f"--store {tmp_path}: ")
    assert "\n" not in str(refused.value)
    assert files_of(tmp_path) == before


def test_a_file_and_a_read_only_folder_are_no_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is a file"):
        open_store(tmp_path / "file")

    def refuse(*_: object) -> bool:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    opened(tmp_path / "store")
    monkeypatch.setattr(result_store, "_write_atomically", refuse)
    with pytest.raises(InputError, match=r"cannot be written \(Read-only file system\)"):
        open_store(tmp_path / "store")


def test_without_pyarrow_there_is_no_store_and_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, "pyarrow")
    said: list[str] = []
    assert open_store(tmp_path / "store", notify=said.append) is None
    assert "pip install 'simlib[records]'; results are not kept" in said[0]
    assert not (tmp_path / "store").exists()
    with pytest.warns(UserWarning, match="results are not kept"):
        compare(small(run__replications=1), store=tmp_path / "store")
