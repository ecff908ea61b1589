"""`simlib decide` as a user runs it."""

import contextlib
import csv
import json
from pathlib import Path

import pytest

from simlib.deployment.loading import load_scenario
from simlib.report.record.folder import FILES
from support.command_line import interrupted, simlib, simlib_forked, write_tiny

QUICK = ("--draws", "300", "--no-sensitivity", "--workers", "1")
DECIDING = (
    ("[limits]\np99_s = 0.2", "[limits]\np99_s = 0.2\nrevocation_lag_s = 60"),
    ("replications = 2", "replications = 3"),
)
"""The tiny scenario with a limit that is no metric, and as many replications as spreads need."""


def write_deciding(folder: Path, *changes: tuple[str, str], name: str = "tiny.toml") -> Path:
    return write_tiny(folder, *DECIDING, *changes, name=name)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny scenario, its decision record, and what was told."""
    folder = tmp_path_factory.mktemp("decided")
    write_deciding(folder)
    (folder / "team.csv").write_text("id,pd_low,pd_likely,pd_high\nJ05,1,2,3\n", encoding="utf-8")
    options = ("--effort", "team.csv", "--discount-rate", "0.1", "--present", "opaque", "--seed", "9")
    done = simlib_forked("decide", "tiny.toml", "--out", "out", *options, *QUICK, cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "stdout.txt").write_text(done.stdout, encoding="utf-8")
    (folder / "stderr.txt").write_text(done.stderr, encoding="utf-8")
    return folder


def told(folder: Path) -> str:
    return (folder / "stdout.txt").read_text(encoding="utf-8")


def test_limits_come_first_then_the_ranking_then_the_verdict(decided: Path) -> None:
    order = [
        "Tiny: opaque, cached, jwt; 3 years, 300 draws",
        "Limits\n",
        "Ranking\n",
        "Verdict\n",
        "Break-even",
        "Assumptions and omissions\n",
    ]
    places = [told(decided).index(piece) for piece in order]
    assert places == sorted(places)
    assert told(decided).endswith("Record: out/decision.md  Page: out/report.html\n")


def test_it_fits_into_sixty_lines_of_a_hundred_columns_without_control_codes(decided: Path) -> None:
    assert "\x1b" not in told(decided)
    assert max(map(len, told(decided).splitlines())) <= 100
    assert len(told(decided).splitlines()) <= 60


def test_progress_names_its_stages_on_standard_error(decided: Path) -> None:
    lines = (decided / "stderr.txt").read_text(encoding="utf-8").splitlines()
    stages = list(dict.fromkeys(line.partition(":")[0] for line in lines))
    assert stages[-1] == "drawing effort, prices and runs"
    assert len(stages) >= 2
    assert all(line.partition(": ")[2].count(" of ") == 1 for line in lines)


def test_the_folder_holds_the_record_and_nothing_else(decided: Path) -> None:
    names = {path.name for path in (decided / "out").iterdir()}
    assert {"decision.md", "report.html", "decision.json", "run.json", "limits.csv", "effort.csv", "cost.svg"} <= names
    assert names <= set(FILES)
    assert str(decided) not in "".join(
        path.read_text(encoding="utf-8") for path in (decided / "out").iterdir() if path.suffix not in (".png",)
    )


def test_a_decision_repeats_from_its_record_byte_for_byte_whatever_the_processes(decided: Path) -> None:
    done = simlib("decide", "out/run.json", "--out", "deep/again", "--workers", "2", cwd=decided)
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (decided / "out").iterdir())
    assert sorted(path.name for path in (decided / "deep" / "again").iterdir()) == names
    for name in set(names) - {"run.json"}:
        assert (decided / "deep" / "again" / name).read_bytes() == (decided / "out" / name).read_bytes(), name


def test_the_record_knows_the_users_own_estimates_and_notices_when_they_change(decided: Path, tmp_path: Path) -> None:
    record = json.loads((decided / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["decision"]["effort"]["file"] == "../team.csv"
    assert (record["decision"]["draws"], record["decision"]["sensitivity"]) == (300, False)
    with (decided / "out" / "effort.csv").open(encoding="utf-8", newline="") as rows:
        own = next(row for row in csv.DictReader(rows) if row["id"] == "J05")
    assert (own["pd_low"], own["pd_high"], own["basis"]) == ("1.0", "3.0", "own estimate")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (tmp_path / "team.csv").write_text("id,pd_low,pd_likely,pd_high\nJ05,1,2,4\n", encoding="utf-8")
    refused = simlib("decide", "out/run.json", cwd=tmp_path)
    assert refused.returncode == 2
    assert "team.csv: is not the file that this decision was made with" in refused.stderr


def test_options_take_the_place_of_values_and_are_recorded(decided: Path) -> None:
    record = json.loads((decided / "out" / "run.json").read_text(encoding="utf-8"))
    assert (record["scenario"]["decision"]["discount_rate"], record["scenario"]["decision"]["present"]) == (
        0.1,
        "opaque",
    )
    assert record["scenario"]["run"]["seed"] == 9
    assert record["options"]["command"] == "decide"
    assert record["options"]["discount_rate"] == 0.1
    assert record["duration_s"] > 0


def test_json_is_one_document_and_nothing_else(decided: Path) -> None:
    options = ("--baseline", "cached", "--horizon", "5", "--price-developer-day", "700", "--requests-per-year", "1e6")
    done = simlib("decide", "tiny.toml", "--json", *options, *QUICK, cwd=decided)
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["word"] in ("choose", "equivalent", "undecided")
    assert document["report"] is None
    assert {own["design"] for own in document["ranking"]} == {"opaque", "cached", "jwt"}
    assert (document["baseline"], document["opponent"], document["horizon_years"]) == ("cached", None, 5.0)
    assert document["inputs"]["developer_day"].startswith("700 USD")
    assert document["inputs"]["requests_per_year"].startswith("1,000,000 per year")


def test_the_status_says_when_no_design_meets_the_limits(tmp_path: Path) -> None:
    write_deciding(tmp_path, ("revocation_lag_s = 60", "revocation_lag_s = 60\nheader_bytes = 1"))
    done = simlib("decide", "tiny.toml", *QUICK, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "No design keeps the limits" in done.stdout
    assert "Traceback" not in done.stderr


# --- bad input -------------------------------------------------------------------------------------------------------

BAD_OPTIONS = {
    "horizon-0": (("--horizon", "0"), "--horizon: input should be greater than 0"),
    "negative-price": (
        ("--price-developer-day", "-5"),
        "--price-developer-day: input should be greater than or equal to 0",
    ),
    "nan-price": (("--price-developer-day", "nan"), "--price-developer-day: "),
    "discount-rate": (("--discount-rate", "7"), "--discount-rate: input should be less than or equal to 1"),
    "requests": (("--requests-per-year", "-1"), "--requests-per-year: input should be greater than or equal to 0"),
    "baseline": (("--baseline", "jvt"), "--baseline: unknown design 'jvt' (did you mean 'jwt'?)"),
    "present": (("--present", "saml"), "--present: unknown design 'saml'"),
    "draws": (("--draws", "5"), "--draws: must be 100 to 1,000,000, not 5"),
    "replications": (("--replications", "0"), "--replications: "),
    "no-such-log": (("--load", "nowhere.log"), "nowhere.log"),
    "no-such-effort": (("--effort", "nowhere.csv"), "nowhere.csv"),
    "not-a-number": (("--horizon", "long"), "--horizon"),
    "out-is-a-file": (("--out", "tiny.toml"), "--out tiny.toml: is a file"),
    "out-holds-something": (("--out", "mine"), "--out mine: is not empty and not an earlier report"),
    "out-below-a-file": (("--out", "tiny.toml/out"), "--out tiny.toml/out: "),
    "unknown-option": (("--prise", "3"), "--prise"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_a_bad_option_is_one_line_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    options, words = BAD_OPTIONS[case]
    write_deciding(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    out = () if "--out" in options else ("--out", "out")
    _refused(tmp_path, words, "tiny.toml", *out, *options)


BAD_ESTIMATES = {
    "missing-column": ("id,pd_low,pd_likely\nJ05,1,2\n", "pd_high"),
    "low-above-likely": ("id,pd_low,pd_likely,pd_high\nJ05,5,2,8\n", "pd_low 5 must not be above pd_likely 2"),
    "unknown-id": ("id,pd_low,pd_likely,pd_high\nX99,1,2,3\n", "X99"),
    "unknown-part": (
        "id,pd_low,pd_likely,pd_high,part,kind,scales_with\nX99,1,2,3,service:nobody,one_off,once_org\n",
        "nobody",
    ),
    "formula": ("id,pd_low,pd_likely,pd_high\nJ05,=1+1,2,3\n", "begins like a formula"),
    "negative": ("id,pd_low,pd_likely,pd_high\nJ05,-1,2,3\n", "-1"),
}


@pytest.mark.parametrize("case", BAD_ESTIMATES)
def test_bad_estimates_are_refused_with_file_and_line(case: str, tmp_path: Path) -> None:
    text, words = BAD_ESTIMATES[case]
    write_deciding(tmp_path)
    (tmp_path / "team.csv").write_text(text, encoding="utf-8")
    errors = _refused(tmp_path, words, "tiny.toml", "--out", "out", "--effort", "team.csv")
    assert "team.csv" in errors
    assert case == "missing-column" or "line 2" in errors or "row 2" in errors


BAD_FILES = {
    "negative-price": ("\n[prices]\ndeveloper_day = -1\n", "tiny.toml: prices.developer_day: input should be greater"),
    "points-out-of-order": (
        "\n[prices]\nvcpu_hour = { low = 3, likely = 2, high = 4 }\n",
        "tiny.toml: prices.vcpu_hour: must be low <= likely <= high",
    ),
    "horizon-0": ("\n[decision]\nhorizon_years = 0\n", "tiny.toml: decision.horizon_years: input should be greater"),
    "unknown-baseline": ('\n[decision]\nbaseline = "x"\n', "tiny.toml: decision.baseline: unknown design 'x'"),
    "another-currency": ('\n[prices]\ncurrency = "EUR"\n', "prices.currency: EUR is not the currency of prices.csv"),
    "misspelt": (
        "\n[worth]\nhour_dwon = 3\n",
        "tiny.toml: worth.hour_dwon: unknown key 'hour_dwon' (did you mean 'hour_down'?)",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_table_of_the_scenario_is_one_line_with_file_and_key(case: str, tmp_path: Path) -> None:
    table, words = BAD_FILES[case]
    path = write_deciding(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + table, encoding="utf-8")
    _refused(tmp_path, words, "tiny.toml", "--out", "out")


def test_live_times_are_no_ground_for_a_decision(tmp_path: Path) -> None:
    write_deciding(tmp_path, ("[run]\n", '[run]\ntiming = "live"\n'))
    _refused(tmp_path, "run.timing: ", "tiny.toml", "--out", "out")


def _refused(folder: Path, words: str, *arguments: str) -> str:
    before = sorted(path.name for path in folder.rglob("*"))
    done = simlib("decide", *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
    assert sorted(path.name for path in folder.rglob("*")) == before
    return done.stderr


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------


def test_ctrl_c_leaves_no_folder_and_says_so(tmp_path: Path) -> None:
    write_deciding(tmp_path, ("length_s = 8", "length_s = 4000"))
    arguments = ("--out", "out", "--workers", "1")
    ended = interrupted("decide", "tiny.toml", *arguments, cwd=tmp_path, everybody=False)
    assert ended.returncode == 130
    assert ended.stderr.endswith("simlib: interrupted: no decision record was written to out\n")
    assert "Traceback" not in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_a_folder_named_like_a_bundled_scenario_does_not_hide_it(tmp_path: Path) -> None:
    (tmp_path / "web-shop").mkdir()  # as --out web-shop makes it
    with contextlib.chdir(tmp_path):
        assert load_scenario("web-shop").title == "Web shop"
