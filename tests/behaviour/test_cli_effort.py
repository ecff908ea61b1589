"""simlib effort: tables, explanations, one JSON document, a team's own estimates; mistakes in one line."""

import json
from pathlib import Path
from typing import Protocol

import pytest

from support.command_line import Done, simlib, simlib_forked, write_tiny


class Effort(Protocol):
    """`simlib effort` in the folder of the test."""

    def __call__(self, *arguments: str | Path) -> Done: ...


@pytest.fixture
def effort(tmp_path: Path) -> Effort:
    return lambda *arguments: simlib("effort", *arguments, cwd=tmp_path)


def test_without_a_scenario_seven_strategies_stand_side_by_side(tmp_path: Path) -> None:
    done = simlib_forked("effort", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for title in ("Assumed: person-days", "Counted", "Measured"):
        assert any(line.startswith(title) for line in done.stdout.splitlines())
    rows = {line.split()[0]: line for line in reversed(done.stdout.splitlines()) if line.split()}
    assert "21.8 (13." in rows["opaque"]
    assert "49.9 (31." in rows["phantom"]
    assert "For 1 API stack, 1 API service, 1 client, 1 authorization server." in done.stdout
    assert "are never added up" in done.stdout


def test_the_designs_of_a_scenario_are_counted_for_an_organisation(effort: Effort, tmp_path: Path) -> None:
    tiny = write_tiny(tmp_path)
    done = effort(tiny, "--services", "20", "--stacks", "3", "--present", "opaque", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["counts"] == {"stacks": 3, "services": 20, "clients": 1, "authorization_servers": 1}
    found = {one["name"]: one for one in document["indicators"]}
    assert list(found["one_off_days"]["values"]) == ["opaque", "cached", "jwt"]
    assert found["migration_days"]["values"]["opaque"] == [0, 0, 0]
    assert document["authorization_server"] == "built"
    assert found["process_messages_next_request"]["values"] == {"opaque": [4.0], "cached": [2.0], "jwt": [2.0]}
    assert {one["mark"] for one in found.values()} == {"assumed", "counted", "measured"}
    assert document["documents_not_counted"] == {"opaque": [], "cached": [], "jwt": []}


def test_a_part_is_explained_without_a_scenario(effort: Effort) -> None:
    done = effort("--explain", "jwt_local")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert text.startswith("gateway:jwt_local, service:jwt_local")
    assert "J10 Verify the signature with a fixed list of algorithms, each key bound to one" in text
    assert "0.5, 1, 2 person-days to build, in each API stack without it: Forgery by none" in text
    assert "source: RFC 8725 3.1-3.3; RFC 9068 4" in text


def test_a_part_without_work_says_why_and_a_setting_says_when(effort: Effort) -> None:
    relay = effort("--explain", "gateway:relay")
    assert "no work items of its own" in relay.stdout
    assert "passes tokens on unread" in relay.stdout
    dpop = json.loads(effort("--explain", "dpop", "--json").stdout)
    because = {item["id"]: item["because"] for item in dpop["items"]["wrappers:dpop"]}
    assert because["B07"] == ["nonce_s>0"]
    assert because["B02"] == []


def test_a_design_is_explained_with_what_brings_each_item(effort: Effort, tmp_path: Path) -> None:
    done = effort(write_tiny(tmp_path), "--explain", "cached", "--stacks", "2", "--json")
    items = {item["id"]: item for item in json.loads(done.stdout)["items"]["cached"]}
    assert items["K01"]["because"] == ["service:opaque_cached"]
    assert items["K01"]["times"] == 2
    assert items["C01"]["because"] == ["every design"]
    assert "J10" not in items


def test_a_team_puts_in_its_own_estimates(effort: Effort, tmp_path: Path) -> None:
    own = tmp_path / "my-team.csv"
    own.write_text("id,pd_low,pd_likely,pd_high\nO06,0,0,0\n", encoding="utf-8")
    before, after = (json.loads(effort("--json", *more).stdout) for more in ((), ("--effort", own)))
    values = [
        next(one["values"] for one in document["indicators"] if one["name"] == "one_off_days")
        for document in (before, after)
    ]
    assert values[0]["opaque"][0] - values[1]["opaque"][0] == pytest.approx((2 + 4 * 4 + 10) / 6)
    assert values[0]["jwt"] == values[1]["jwt"]
    assert after["ledger"] == "simlib with my-team.csv"


def test_what_comes_with_a_product_is_named_and_costs_nothing(effort: Effort, tmp_path: Path) -> None:
    tiny = write_tiny(tmp_path, ('{ issuer = "https://as', '{ kind = "product", issuer = "https://as'))
    built = effort(write_tiny(tmp_path, name="built.toml"))
    bought = effort(tiny)
    assert "counts as built, the default" in " ".join(built.stdout.split())
    text = " ".join(bought.stdout.split())
    assert "The authorization server is a product: C07, O01, O02, O03, O04, O05, O06, J01" in text
    documents = [json.loads(effort(tiny, *more, "--json").stdout) for more in ((), ("--built",))]
    assert [document["authorization_server"] for document in documents] == ["product", "built"]
    days = [next(one["values"] for one in own["indicators"] if one["name"] == "one_off_days") for own in documents]
    assert days[0]["opaque"][0] < days[1]["opaque"][0]
    explained = {item["id"] for item in json.loads(effort(tiny, "--explain", "jwt", "--json").stdout)["items"]["jwt"]}
    assert "J05" in explained
    assert not {"C07", "J01", "J04"} & explained


def test_the_design_in_use_is_that_of_the_scenario(effort: Effort, tmp_path: Path) -> None:
    """As in the decision: [decision] present is the start of the migration when nothing else is stated."""
    tiny = write_tiny(tmp_path, ("[run]", '[decision]\npresent = "opaque"\n\n[run]'))
    found = {one["name"]: one for one in json.loads(effort(tiny, "--json").stdout)["indicators"]}
    assert found["migration_days"]["values"]["opaque"] == [0, 0, 0]


def test_a_file_of_a_spreadsheet_is_read(effort: Effort, tmp_path: Path) -> None:
    own = tmp_path / "mine.csv"
    own.write_text("\ufeffid;pd_low;pd_likely;pd_high\r\nO06;0,5;1;1,5\r\n", encoding="utf-8")
    items = json.loads(effort("--effort", own, "--explain", "opaque", "--json").stdout)["items"]["opaque"]
    assert [item["mean_days"] for item in items if item["id"] == "O06"] == [1.0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--effort", "bad.csv"), "bad.csv: line 2: pd_low 3 must not be above pd_likely 2"),
        (("--effort", "none.csv"), "none.csv: cannot be read"),
        (("--explain", "jwt_locl"), "unknown design or part 'jwt_locl' (did you mean 'jwt_local'?)"),
        (("--present", "nobody"), "--present: unknown design 'nobody'; allowed: opaque, opaque_cache, jwt"),
        (("--stacks", "0"), "--stacks"),
        (("no-such-scenario",), "unknown scenario 'no-such-scenario'"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    effort: Effort, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "bad.csv").write_text("id,pd_low,pd_likely,pd_high\nJ05,3,2,4\n", encoding="utf-8")
    done = effort(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr


def test_help_teaches_by_examples(effort: Effort) -> None:
    done = effort("--help")
    assert done.returncode == 0
    assert "simlib effort --explain jwt_local" in done.stdout
    assert "id,pd_low,pd_likely,pd_high" in done.stdout
