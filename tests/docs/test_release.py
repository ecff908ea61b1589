"""Release: one version everywhere, and packages that are pinned and bounded."""

import re
import tomllib
from pathlib import Path

import pytest

import simlib

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = sorted({*PROJECT["dependencies"], *(each for extra in EXTRAS.values() for each in extra)})
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PACKAGES = [each for each in REQUIREMENTS if not each.startswith("simlib[")]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_package_states_the_version_and_other_files_follow() -> None:
    assert "version" not in PROJECT
    assert "version" in PROJECT["dynamic"]
    (cited,) = re.findall(r"^version: (.+)$", read("CITATION.cff"), re.MULTILINE)
    (date,) = re.findall(r"^date-released: (.+)$", read("CITATION.cff"), re.MULTILINE)
    releases = re.findall(r"^## \[(\d[^]]*)\] - (\d{4}-\d\d-\d\d)$", read("CHANGELOG.md"), re.MULTILINE)
    assert (cited, date) == releases[0]
    assert cited == simlib.__version__


def test_authors_are_those_of_the_citation() -> None:
    for author in PROJECT["authors"]:
        assert f"- name: {author['name']}" in read("CITATION.cff")


def test_constraints_hold_versions_and_no_addresses() -> None:
    lines = CONSTRAINTS.splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", line)] == []


@pytest.mark.parametrize("requirement", PACKAGES)
def test_every_package_has_a_lower_bound_that_its_pinned_version_meets(requirement: str) -> None:
    parsed = re.fullmatch(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)(?:;.*)?", requirement)
    assert parsed, "a requirement is a name and a lower bound"
    name = parsed[1].lower().replace("_", "-")
    pinned = re.findall(rf"^{re.escape(name)}==([\d.]+)", CONSTRAINTS, re.MULTILINE)
    assert pinned, f"{name} is not in constraints.txt; make lock adds it"
    for version in pinned:
        assert as_numbers(version) >= as_numbers(parsed[2]), requirement


def as_numbers(version: str) -> list[int]:
    return [int(number) for number in version.strip(".").split(".")]


def test_the_extra_for_everything_has_every_extra_that_adds_a_function() -> None:
    tools = {"all", "notebooks", "test", "dev"}
    (everything,) = EXTRAS["all"]
    assert set(everything.removeprefix("simlib[").removesuffix("]").split(",")) == EXTRAS.keys() - tools


def test_packages_that_went_are_not_needed() -> None:
    assert [each for each in REQUIREMENTS if "tqdm" in each] == []
    assert [each for each in PROJECT["dependencies"] if each.startswith("pyarrow")] == []
