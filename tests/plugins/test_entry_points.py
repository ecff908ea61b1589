"""Entry points: the example plug-in installed in a folder, and the command line in processes of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from installing import install_example

from support.command_line import COMMAND, simlib_forked, write_tiny

REFUSING = (
    'service = { part = "jwt_local" }',
    'service = { part = "jwt_local" }\nwrappers = [{ part = "refusal_cache", ttl_s = 5 }]',
)
LAST_COME = ("user_information_share = 0.2", 'user_information_share = 0.2\ndiscipline = "last_come_first_served"')


WITHOUT_CACHED = (
    """[designs.cached]
token_lifetime_s = 5
user_information = "introspection"
service = { part = "opaque_cached", ttl_s = 2 }
authorization_server = { part = "reference_token" }
""",
    "",
)


class Site:
    """A folder in which the plug-in is installed, with a scenario that names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = install_example(folder / "site")
        self.scenario = write_tiny(folder, REFUSING, LAST_COME, WITHOUT_CACHED)

    def run(self, *arguments: str | Path) -> str:
        """The output of a command that must succeed."""
        done = simlib_forked(*arguments, cwd=self.folder, **self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run_alone(self, *arguments: str | Path) -> str:
        """The output of a command that must succeed, in a process of its own."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("installed"))


def test_compare_with_workers_simulates_reports_and_draws(site: Site) -> None:
    options = ("--workers", "2", "--profiles", "none", "--json", "--out", "report")
    output = site.run_alone("compare", site.scenario, *options)
    answer: dict[str, Any] = json.loads(output)
    assert answer["designs"]["jwt"]["station_forms"]["service"] == "last_come"
    (slow,) = (row for row in answer["summary"] if (row["design"], row["metric"]) == ("jwt", "slow_share"))
    assert slow["low"] <= slow["mean"] <= slow["high"]
    page = (site.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "Share of the requests that miss the objective of 100 ms." in page
    assert (site.folder / "report" / "slow_requests.svg").exists()


def test_strategies_and_the_schema_have_the_part(site: Site) -> None:
    assert "refusal_cache" in site.run("strategies")
    (listed,) = [
        part for part in json.loads(site.run("strategies", "--json"))["wrappers"] if part["part"] == "refusal_cache"
    ]
    assert [setting["name"] for setting in listed["settings"]] == ["ttl_s", "capacity"]
    assert '"refusal_cache"' in site.run("schema")


def test_attacks_run_the_attack(site: Site) -> None:
    answer = json.loads(site.run("attacks", site.scenario, "--attack", "foreign_subject", "--json"))
    outcomes = {cell["design"]: cell["outcome"] for cell in answer["cells"] if cell["group"] in ("designs", "victims")}
    assert outcomes["jwt"] == "refused"
    assert outcomes["decoded_only"] == "accepted"


def test_effort_says_that_the_part_has_no_work_items(site: Site) -> None:
    shown = " ".join(site.run("effort", site.scenario).split())
    assert "No work items for the part wrappers:refusal_cache (jwt); give some with --effort." in shown
    answer = json.loads(site.run("effort", site.scenario, "--json"))
    assert answer["parts_without_items"] == {"opaque": [], "jwt": ["wrappers:refusal_cache"]}
    explained = " ".join(site.run("effort", "--explain", "refusal_cache").split())
    assert "No work items for the part wrappers:refusal_cache; give some with --effort." in explained


def test_items_of_its_own_are_counted(site: Site) -> None:
    estimates = site.folder / "own.csv"
    estimates.write_text(
        "id,pd_low,pd_likely,pd_high,part,kind,scales_with\nX1,1,2,3,wrappers:refusal_cache,one_off,per_rs_stack\n",
        encoding="utf-8",
    )
    answer = json.loads(site.run("effort", site.scenario, "--effort", estimates, "--json"))
    assert answer["parts_without_items"]["jwt"] == []
    assert "X1" in site.run("effort", site.scenario, "--effort", estimates, "--explain", "jwt")


def test_a_decision_notes_that_the_part_has_no_work_items(site: Site) -> None:
    site.run("decide", site.scenario, "--no-sensitivity", "--draws", "100", "--out", "decision", "--workers", "1")
    record = " ".join((site.folder / "decision" / "decision.md").read_text(encoding="utf-8").split())
    assert "No work items for the part wrappers:refusal_cache (jwt); give some with --effort." in record
