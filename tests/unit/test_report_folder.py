"""Report folders: what is in them, what they replace, and that they appear whole or not at all."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import simlib
from simlib.decision import judge_comparison
from simlib.report import comparison_folder
from simlib.report.comparison_folder import FILES, check_report_folder, write_report
from simlib.report.run_record import Provenance
from simlib.scenario.errors import InputError
from support.comparisons import JWT, comparison


@pytest.fixture(scope="module")
def told() -> Any:
    return judge_comparison(comparison({JWT: {"mean_s": 0.01}}, limits__p99_s=0.5, run__length_s=60.0))


@pytest.fixture(scope="module")
def written(told: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report to be read; drawing one takes half a second."""
    return write_report(tmp_path_factory.mktemp("written") / "deep" / "out", told, Provenance({"seed": 7}, 1.5))


@pytest.fixture
def existing(written: Path, tmp_path: Path) -> Path:
    """An earlier report that may be changed."""
    return Path(shutil.copytree(written, tmp_path / "out"))


@pytest.fixture
def drawn(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of every report are those of the one that is there."""
    files = {name: (written / name).read_bytes() for name in FILES}
    monkeypatch.setattr(comparison_folder, "build_report_files", lambda *_: files)


def left_in(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_a_report_holds_its_files_and_nothing_is_left_beside_it(written: Path) -> None:
    assert left_in(written) == sorted(FILES)
    assert left_in(written.parent) == ["out"]
    assert all((written / name).stat().st_size > 0 for name in FILES)


def test_the_page_is_self_contained_and_says_what_was_judged(told: Any, written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "src=" not in page
    assert page.count('<svg role="img" aria-label="') == 2
    for sentence in (*told.limit_sentences, *told.headlines, *told.notes):
        assert sentence.replace("'", "&#39;") in page


def test_titles_cannot_bring_markup_into_the_page(tmp_path: Path) -> None:
    evil = judge_comparison(comparison(title="<script>alert(1)</script>", designs__jwt_local__title='"><b>x'))
    page = (write_report(tmp_path / "out", evil) / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>x" not in page


def test_the_record_says_what_the_run_depends_on(told: Any, written: Path) -> None:
    record = json.loads((written / "run.json").read_text(encoding="utf-8"))
    assert record["duration_s"] == 1.5
    assert record["options"] == {"seed": 7}
    assert record["versions"].keys() >= {"simlib", "python", "openssl", "cryptography", "numpy"}
    assert record["machine"].keys() == {"processor", "cores", "system"}
    assert record["station_forms"] == {design: dict(forms) for design, forms in told.comparison.forms.items()}
    assert len(record["profile"]["sha256"]) == 64
    assert os.uname().nodename not in json.dumps(record["machine"])


def test_the_record_loads_as_the_same_scenario(told: Any, written: Path) -> None:
    again = simlib.load_scenario(written / "run.json")
    scenario = told.scenario
    assert again.world == scenario.world
    assert again.run == scenario.run
    assert again.margins == scenario.margins
    assert list(again.designs.values()) == list(scenario.designs.values())


def test_equal_runs_give_equal_files_except_the_record(told: Any, written: Path, tmp_path: Path) -> None:
    second = write_report(tmp_path / "second", told, Provenance({"seed": 1}, 2.0))
    for name in set(FILES) - {"run.json"}:
        assert (written / name).read_bytes() == (second / name).read_bytes(), name


@pytest.mark.usefixtures("drawn")
def test_an_earlier_report_and_an_empty_folder_are_replaced(told: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    target = write_report(tmp_path / "out", told)
    (target / "summary.csv").write_text("old", encoding="utf-8")
    write_report(tmp_path / "out", told)
    assert (target / "summary.csv").read_text(encoding="utf-8") != "old"
    assert left_in(tmp_path) == ["out"]


def test_other_folders_are_left_alone(told: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "run.json").write_text('{"format": "other"}', encoding="utf-8")
    with pytest.raises(InputError, match="not an earlier report"):
        write_report(mine, told)
    assert left_in(mine) == ["run.json"]


def test_an_earlier_report_with_a_file_of_the_user_is_left_alone(told: Any, existing: Path) -> None:
    (existing / "my-notes.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(InputError, match=r"my-notes\.txt"):
        write_report(existing, told)
    assert "my-notes.txt" in left_in(existing)


@pytest.mark.parametrize("name", ["file/out", "file", "file/deep/out"])
def test_a_path_below_a_file_is_refused_before_anything_runs(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="--out "):
        check_report_folder(tmp_path / name)
    assert left_in(tmp_path) == ["file"]


def test_folders_where_nothing_can_be_made_are_refused_even_for_root() -> None:
    with pytest.raises(InputError, match="cannot be written"):
        check_report_folder("/proc/out")


def test_the_working_directory_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="of its own"):
        check_report_folder(".")


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    check_report_folder(tmp_path / "a" / "b" / "out")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
@pytest.mark.parametrize("replacing", [True, False])
@pytest.mark.usefixtures("drawn")
def test_a_failure_while_writing_leaves_all_as_it_was(
    told: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, replacing: bool
) -> None:
    target = tmp_path / "out"
    if replacing:
        write_report(target, told)
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    write_bytes = Path.write_bytes

    def fail_at_third(path: Path, data: bytes) -> int:
        if path.name == FILES[2]:
            raise failure
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", fail_at_third)
    with pytest.raises(InputError if isinstance(failure, OSError) else KeyboardInterrupt):
        write_report(target, told)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == before
    assert target.exists() == replacing
