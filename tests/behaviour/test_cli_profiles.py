"""`simlib compare --profiles`: the same designs judged under other cost profiles."""

import csv
import json
from pathlib import Path

import pytest

from simlib.report.comparison_folder import FILES, PROFILES
from simlib.scenario.base import find_bundled
from support.command_line import simlib, write_tiny

DERIVED = ["jvm-gateway-derived", "native-gateway-derived"]
SECTION = "Dependence of the verdict on the cost profile"


def lacking(folder: Path, *operations: str) -> None:
    """A profile without some rows."""
    rows = (find_bundled("profiles") / "python-2026.csv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if row.split(",")[0] not in operations]
    (folder / "poor.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")


def test_two_profiles_of_one_name_are_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        source = find_bundled("profiles") / "python-2026.csv"
        (tmp_path / folder / "mine.csv").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    done = simlib("compare", "tiny.toml", "--profiles", "a/mine.csv,b/mine.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "'mine' is given twice" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_says_how_far_the_verdict_depends_on_the_profile(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, PROFILES])
    words = " ".join(done.stdout.split())
    assert "judged again under jvm-gateway-derived, native-gateway-derived: 2 replications each" in words
    page = (out / "report.html").read_text(encoding="utf-8")
    assert SECTION in page
    lines = (out / "verdict.txt").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if ": the verdict " in line]
    assert len(told) == 5
    for line in told:
        assert line in words
        assert line in page
    with (out / PROFILES).open(encoding="utf-8", newline="") as rows:
        cells = list(csv.DictReader(rows))
    assert {row["profile"] for row in cells} == {"python-2026", *DERIVED}
    assert len(cells) == 5 * 3 * 3  # metrics, pairs, profiles


def test_the_words_of_the_scenario_itself_do_not_change(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    plain = json.loads(simlib("compare", "tiny.toml", "--json", cwd=tmp_path).stdout)
    more = json.loads(simlib("compare", "tiny.toml", "--json", "--profiles", "all", cwd=tmp_path).stdout)
    assert plain.pop("profiles") is None
    found = more.pop("profiles")
    assert plain == more
    assert found["profiles"] == {"python-2026": 2, **dict.fromkeys(DERIVED, 2)}
    own = [row for row in found["words"] if row["profile"] == "python-2026" and row["reference"] == "opaque"]
    words = {(row["design"], row["metric"]): row["word"] for row in plain["summary"]}
    assert all(row["word"] == words[row["design"], row["metric"]] for row in own)


def test_a_profile_that_is_asked_for_gives_what_a_comparison_with_it_gives(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    both = simlib("compare", "tiny.toml", "--json", "--profiles", DERIVED[0], "--workers", "2", cwd=tmp_path)
    alone = simlib("compare", "tiny.toml", "--json", "--profile", DERIVED[0], cwd=tmp_path)
    rows = [row for row in json.loads(both.stdout)["profiles"]["words"] if row["profile"] == DERIVED[0]]
    summary = {(row["design"], row["metric"]): row for row in json.loads(alone.stdout)["summary"]}
    against_first = [row for row in rows if row["reference"] == "opaque"]
    assert len(against_first) == 10
    for row in against_first:
        assert row["difference"] == summary[row["design"], row["metric"]]["difference"]


def test_none_leaves_the_section_out_and_its_record_repeats_that(tmp_path: Path) -> None:
    write_tiny(tmp_path, ("replications = 2", "replications = 1"))
    first = simlib("compare", "tiny.toml", "--profiles", "none", "--out", "out", cwd=tmp_path)
    again = simlib("compare", "out/run.json", "--out", "again", cwd=tmp_path)
    assert first.returncode == again.returncode == 0
    for folder in ("out", "again"):
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == sorted(FILES)
        assert SECTION not in (tmp_path / folder / "report.html").read_text(encoding="utf-8")


def test_a_report_with_profiles_is_replaced_by_one_without(tmp_path: Path) -> None:
    write_tiny(tmp_path, ("replications = 2", "replications = 1"))
    assert simlib("compare", "tiny.toml", "--out", "out", cwd=tmp_path).returncode == 0
    done = simlib("compare", "tiny.toml", "--profiles", "none", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "out" / PROFILES).exists()


def test_a_profile_without_an_operation_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    lacking(tmp_path, "jwt.verify.EdDSA", "jwt.verify.EdDSA.40")
    done = simlib("compare", "tiny.toml", "--profiles", f"poor.csv,{DERIVED[1]}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "poor cannot price design jwt: lacks jwt.verify.EdDSA; it is left out." in words
    assert "priced under 2 cost profiles: python-2026 (2 replications) and native-gateway-derived" in words


@pytest.mark.parametrize("name", ["jvm-gateway", "nothing.csv", "", f"{DERIVED[0]},,"])
def test_unknown_profiles_are_refused_before_anything_runs(name: str, tmp_path: Path) -> None:
    write_tiny(tmp_path, ("length_s = 8", "length_s = 4000"))
    done = simlib("compare", "tiny.toml", "--profiles", name, "--out", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("simlib: error: --profiles: unknown profile")
    assert "native-gateway-derived" in line
    assert "'all', 'none'" in line
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_the_own_profile_is_not_run_twice(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    done = simlib("compare", "tiny.toml", "--json", "--profiles", "python-2026", cwd=tmp_path)
    assert done.stderr.splitlines()[0] == "simulating: 0 of 6 runs"
    assert json.loads(done.stdout)["profiles"] is None
