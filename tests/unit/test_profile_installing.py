"""A new measurement takes the place of the base, with everything that is derived from it, or nothing is changed."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from simlib.calibration import derived_profiles, profile_extension
from simlib.calibration.base_replacement import main
from simlib.scenario.base import find_bundled
from simlib.scenario.profile import load_profile

PROFILES = find_bundled("profiles")
BASE = PROFILES / "python-2026.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "profiles"
    shutil.copytree(PROFILES, made)
    return made


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def rewritten(path: Path, *, without: str = "", more: str = "", slower: float = 1.0) -> Path:
    """The base with another head line, without a row, or slower by a factor."""
    lines = [line for line in BASE.read_text(encoding="utf-8").splitlines() if not without or without not in line[:20]]
    scaled = [
        line
        if line.startswith(("#", "operation,"))
        else ",".join(cell if at == 0 else f"{float(cell) * slower:.4g}" for at, cell in enumerate(line.split(",")))
        for line in lines
        if not line.startswith("# note")
    ]
    path.write_text("\n".join([scaled[0], *([more] if more else []), *scaled[1:]]) + "\n", encoding="utf-8")
    return path


def test_installing_replaces_the_base_and_derives_the_others_from_it(folder: Path, tmp_path: Path) -> None:
    new = rewritten(tmp_path / "new.csv", slower=2.0)
    assert main([str(new), str(folder)]) == 0
    assert (folder / "python-2026.csv").read_text() == new.read_text()
    base = load_profile(folder / "python-2026.csv")
    for make in derived_profiles.DERIVATIONS:
        made = make(base)
        assert (folder / f"{made.name}.csv").read_text() == made.format_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"without": "token.seal"}, "lacks token.seal"),
        ({"more": "# note: the machine was too busy"}, "the machine was too busy"),
        ({"more": "# derived: not measured"}, "is derived"),
        ({"slower": -1.0}, "quantiles must"),
    ],
)
def test_what_cannot_be_the_base_is_told_in_one_line_and_changes_nothing(
    change: dict[str, Any], told: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = texts(folder)
    new = rewritten(tmp_path / "new.csv", **change)
    assert main([str(new), str(folder)]) == 2
    message = capsys.readouterr().err
    assert told in message
    assert message.count("\n") == 1
    assert texts(folder) == before


def test_a_measurement_on_a_busy_machine_is_taken_only_when_one_says_so(folder: Path, tmp_path: Path) -> None:
    new = rewritten(tmp_path / "new.csv", more="# note: the machine was too busy")
    assert main([str(new), str(folder), "--anyway"]) == 0
    assert load_profile(folder / "python-2026.csv").about["note"] == "the machine was too busy"


def test_every_anchor_of_an_added_row_is_measured_with_it() -> None:
    rows = load_profile(BASE).quantiles
    assert set(profile_extension.OTHER_ANCHORS) <= set(rows)
    assert {profile_extension.find_anchor(name) for name in profile_extension.OTHER_ANCHORS} <= set(rows)
