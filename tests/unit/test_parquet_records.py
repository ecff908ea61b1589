"""Records as Parquet: what was written is what is read, and a folder explains itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from simlib.deployment.simulate import simulate
from simlib.experiment import parquet
from simlib.experiment.parquet import ParquetSink, read_records, record_replication, write_records
from simlib.scenario.errors import InputError
from simlib.scenario.records import FIELDS, SCHEMA, Records, format_records_page
from support.missing_packages import hide_packages

PAGE = Path(__file__).resolve().parents[2] / "data" / "records.md"


@pytest.fixture
def in_memory(make_scenario: Callable[..., Any]) -> Records:
    return simulate(make_scenario(run__detail="visits"), "opaque_cached")


def about(records: Records) -> Any:
    return records.names, records.horizon, dict(records.workers), dict(records.forms)


def test_rows_that_went_to_files_equal_those_kept_in_memory(
    make_scenario: Callable[..., Any], in_memory: Records, tmp_path: Path
) -> None:
    written = record_replication(make_scenario(run__detail="visits"), "opaque_cached", 0, tmp_path / "run")
    assert written.equals(in_memory)
    assert read_records(tmp_path / "run").equals(in_memory)
    assert about(read_records(tmp_path / "run")) == about(in_memory)


def test_records_in_memory_are_written_and_read_again(in_memory: Records, tmp_path: Path) -> None:
    write_records(in_memory, tmp_path)
    again = read_records(tmp_path)
    assert again.equals(in_memory)
    assert [again[t][c].dtype for t in SCHEMA for c in SCHEMA[t]] == [
        in_memory[t][c].dtype for t in SCHEMA for c in SCHEMA[t]
    ]


def test_many_row_groups_hold_the_same_rows(
    make_scenario: Callable[..., Any], in_memory: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BLOCK", 50)
    written = record_replication(make_scenario(run__detail="visits"), "opaque_cached", 0, tmp_path / "run")
    assert pq.read_metadata(tmp_path / "run" / "calls.parquet").num_row_groups > 3
    assert written.equals(in_memory)


def test_rows_leave_memory_when_a_row_group_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BLOCK", 3)
    sink = ParquetSink(tmp_path / "run")
    append = sink.open_writer("revocations")
    append((0, 1, 2, 0.5, 0.75))
    sink.flush()
    assert len(sink._files["revocations"].rows) == 1
    append((1, 1, 2, 0.5, 0.75))
    append((2, 1, 2, 0.5, float("nan")))
    sink.flush()
    assert sink._files["revocations"].rows == []
    append((3, 1, 2, 0.5, 0.75))
    records = sink.seal(Records(sink.close(), ("a",), 1.0, {}, {}))
    assert records["revocations"]["revocation"].tolist() == [0, 1, 2, 3]
    assert np.isnan(records["revocations"]["effective"][2])


def test_columns_that_are_not_named_hold_nothing_happened(tmp_path: Path) -> None:
    sink = ParquetSink(tmp_path / "run")
    sink.open_writer("requests", ("request", "arrival"))((7, 0.5))
    row = sink.seal(Records(sink.close(), (), 1.0, {}, {}))["requests"]
    assert row["request"].tolist() == [7]
    assert row["token"].tolist() == [-1]
    assert np.isnan(row["end"]).all()


def test_every_column_says_its_unit_and_meaning(in_memory: Records, tmp_path: Path) -> None:
    write_records(in_memory, tmp_path)
    for table, fields in FIELDS.items():
        schema = pq.read_schema(tmp_path / f"{table}.parquet")
        assert schema.names == list(fields)
        for name, field in fields.items():
            assert schema.field(name).metadata == {b"unit": field.unit.encode(), b"meaning": field.meaning.encode()}
        about_run = json.loads(pq.read_metadata(tmp_path / f"{table}.parquet").metadata[b"simlib.records"])
        assert about_run["names"] == list(in_memory.names)
        assert about_run["horizon"] == in_memory.horizon


def test_equal_records_are_equal_bytes(in_memory: Records, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_records(in_memory, tmp_path / name)
    for table in SCHEMA:
        first, second = (tmp_path / name / f"{table}.parquet" for name in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_the_page_about_records_is_that_of_the_schema() -> None:
    assert PAGE.read_text(encoding="utf-8") == format_records_page()
    assert all(field.meaning for fields in FIELDS.values() for field in fields.values())


def test_a_folder_that_holds_something_is_left_alone(in_memory: Records, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(InputError, match="is not an empty folder"):
        write_records(in_memory, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("damage", ["missing", "cut", "foreign"])
def test_a_folder_that_is_not_whole_is_refused_in_one_line(damage: str, in_memory: Records, tmp_path: Path) -> None:
    write_records(in_memory, tmp_path)
    calls = tmp_path / "calls.parquet"
    if damage == "missing":
        calls.unlink()
    elif damage == "cut":
        calls.write_bytes(calls.read_bytes()[:-10])
    else:
        calls.write_bytes((tmp_path / "tokens.parquet").read_bytes())
    with pytest.raises(InputError, match=r"calls\.parquet: ") as refused:
        read_records(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda records, folder: write_records(records, folder),
        lambda records, folder: read_records(folder),
        lambda records, folder: ParquetSink(folder),
    ],
    ids=["write", "read", "simulate"],
)
def test_without_pyarrow_one_line_names_the_extra(
    use: Callable[[Records, Path], object], in_memory: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_packages(monkeypatch, "pyarrow")
    needed = r"^a folder of records needs the package pyarrow, which is not installed: pip install 'simlib\[records\]'$"
    with pytest.raises(InputError, match=needed):
        use(in_memory, tmp_path / "rows")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_broke_off_leaves_nothing_to_read(tmp_path: Path) -> None:
    ParquetSink(tmp_path / "run").close()
    with pytest.raises(InputError, match="cannot be read as records"):
        read_records(tmp_path / "run")


def test_an_interrupted_run_leaves_nothing_and_can_be_repeated(
    make_scenario: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_ctrl_c(*_: Any, **__: Any) -> Records:
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet, "simulate", press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        record_replication(make_scenario(), "jwt_local", 0, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    record_replication(make_scenario(), "jwt_local", 0, tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted(f"{table}.parquet" for table in SCHEMA)


def test_a_file_of_a_table_has_its_name_once_it_is_whole(in_memory: Records, tmp_path: Path) -> None:
    sink = ParquetSink(tmp_path / "run")
    sink.close()
    assert list((tmp_path / "run").glob("*.parquet")) == []
    sink.seal(in_memory)
    assert len(list((tmp_path / "run").iterdir())) == len(SCHEMA)
