"""`simlib calibrate`: a profile or nothing, and one line when it cannot be made."""

import json
from pathlib import Path
from typing import Any

import pytest

from simlib import cli
from simlib.calibration import campaign
from simlib.scenario.profile import load_profile


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring takes no time and gives two operations."""
    monkeypatch.setattr(campaign, "require_packages", lambda *_: None)
    samples = {"http.call_in": [1e-4, 2e-4], "jwt.sign.ES256": [3e-5]}
    monkeypatch.setattr(campaign, "measure_once", lambda seconds, addresses: samples)


@pytest.mark.usefixtures("measured")
def test_a_profile_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mine.csv"
    assert cli.run(["calibrate", "--out", str(out), "--processes", "2"]) == 0
    assert set(load_profile(out).quantiles) == {"http.call_in", "jwt.sign.ES256"}
    told = capsys.readouterr()
    assert "2 operations" in told.out
    assert "warning: " in told.out  # so few samples are not to be trusted
    assert "2 of 2 processes" in told.err


@pytest.mark.usefixtures("measured")
def test_json_is_one_document_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mine.csv"
    assert cli.run(["calibrate", "--out", str(out), "--processes", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["profile"] == str(out)
    assert document["trusted"] is False
    assert document["about"]["processes"] == "3"
    assert document["mean_seconds"]["jwt.sign.ES256"] == pytest.approx(3e-5)


@pytest.mark.parametrize(
    ("foreign", "samples", "trusted"), [(0.0, 2000, True), (0.31, 2000, False), (0.0, 999, False), (None, 2000, True)]
)
def test_a_machine_that_was_busy_with_other_work_is_not_trusted(
    foreign: float | None, samples: int, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "require_packages", lambda *_: None)
    monkeypatch.setattr(campaign, "measure_once", lambda seconds, addresses: {"token.hash": [1e-6] * samples})
    monkeypatch.setattr(campaign.LoadProbe, "measure_foreign_load", lambda before, after: foreign)
    made = campaign.make_profile(tmp_path / "p.csv", processes=1)
    assert made.is_trusted is trusted
    assert ("note" in load_profile(tmp_path / "p.csv").about) is not trusted
    if foreign:
        assert "too busy" in made.about["note"]


def test_ctrl_c_writes_nothing_and_leaves_an_old_profile_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(seconds: float, addresses: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(campaign, "require_packages", lambda *_: None)
    monkeypatch.setattr(campaign, "measure_once", interrupted)
    out = tmp_path / "mine.csv"
    out.write_text("old")
    assert cli.run(["calibrate", "--out", str(out)]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--processes", "0"], "--processes 0"),
        (["--processes", "1000000"], "--processes 1000000: allowed: 1 to 1,000"),
        (["--seconds", "1e300"], "--seconds 1e+300: allowed: 0 to 86,400 s"),
        (["--seconds", "inf"], "--seconds inf"),
        (["--seconds", "-1"], "--seconds -1"),
        (["--seconds", "nan"], "--seconds nan"),
        (["--seconds", "much"], "--seconds"),
        (["--out", "no/such/folder.csv"], "no/such/folder.csv"),
        (["--out", "profile.txt"], "profile.txt"),
        (["--redis", "nonsense"], "--redis"),
        (["--postgresql", "nonsense"], "--postgresql"),
    ],
)
@pytest.mark.usefixtures("measured")
def test_bad_input_is_one_line_and_status_2(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["calibrate", "--out", str(tmp_path / "p.csv"), *options]) == 2
    message = capsys.readouterr().err
    assert told in message
    assert message.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# format: simlib-profile-1\noperation,q0\ntoken.hash,1e-6\n", "no operation"),
        ("# format: simlib-profile-1\ntoken.hash,-1e-6\n", "row 2 (token.hash)"),
        ("# format: simlib-profile-9\ntoken.hash,1e-6\n", "simlib-profile-9"),
        ("", "missing"),
    ],
    ids=["missing operations", "negative times", "another version", "empty"],
)
def test_an_unusable_profile_is_told_before_anything_is_simulated(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text(text)
    assert cli.run(["compare", "web-shop", "--profile", str(tmp_path / "mine.csv"), "--out", str(tmp_path / "r")]) == 2
    told_all = capsys.readouterr()
    assert told in told_all.err
    assert "mine" in told_all.err
    assert told_all.err.count("\n") == 1
    assert told_all.out == ""
    assert not (tmp_path / "r").exists()
