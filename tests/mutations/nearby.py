"""Tests that are run first for a mutant, and the process in which they run."""

import os
import re
import sys
from collections.abc import Sequence
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

MOST_CASES = 1200
"""Contract tests of validators per mutant; of more, every second, third ... is taken."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "strategies": ("unit/test_strategies*", "unit/test_wrapper*", "unit/test_clocks*", "unit/test_combinations*"),
    "tokens": tuple(
        f"unit/test_{name}*"
        for name in (
            *("claims", "decoder", "dpop", "jws", "key", "opaque", "sealing", "shared", "status", "strategies"),
            *("wrapper", "token", "forging", "mistyped"),
        )
    ),
    "services": ("unit/test_services*", "unit/test_strategies*", "unit/test_wrapper*", "unit/test_server*"),
    "flows": ("unit/test_flows*", "unit/test_strategies*", "unit/test_services*"),
    "attacks": ("contract/test_attack*", "unit/test_attack*", "unit/test_forging*"),
    "faults": (
        *("behaviour/test_faults*", "behaviour/test_engine_admission*", "unit/test_scenario_faults*"),
        *("unit/test_client_herds*", "unit/test_presets_key_sets*", "behaviour/test_cli_bad_days*"),
    ),
}
"""Folder of a file -> its tests."""
WITHOUT_PARTS = ("attacks", "faults")
"""Folders whose files belong to no part: all their tests are run, and no contract tests of parts."""


def family_of(file: str) -> str:
    """The key of `FAMILIES` for a file: its folder, or "faults" for those of the engine, deployment and scenario."""
    folder = Path(file).parent.name
    return folder if folder in FAMILIES else "faults"


_DEFINED = re.compile(r"^(?:class|def) ([A-Za-z]\w+)", re.MULTILINE)
_PART = re.compile(r'^    name: ClassVar\[str\] = "(\w+)"', re.MULTILINE)


@cache
def near_tests(tree: Path, file: str) -> tuple[str, ...]:
    """The tests of a file's folder, those first that mention most of what it defines."""
    words = set(_DEFINED.findall((tree / file).read_text(encoding="utf-8"))) | {Path(file).stem}
    near = {test for pattern in FAMILIES[family_of(file)] for test in (tree / "tests").glob(f"{pattern}.py")}
    ordered = sorted(sorted(near), key=lambda test: -_mentions(words, test))
    return tuple(str(test.relative_to(tree)) for test in ordered)


@cache
def part_names(tree: Path, file: str) -> frozenset[str]:
    """The names of the part that a file holds, or else of the parts that use what it defines, however far away."""
    sources = {path: path.read_text(encoding="utf-8") for path in (tree / "simlib" / "strategies").glob("*.py")}
    reached = {tree / file}
    while not (found := {name for path in reached for name in _PART.findall(sources.get(path, ""))}):
        words = {word for path in reached for word in _DEFINED.findall(path.read_text(encoding="utf-8"))}
        using = {path for path in sources if path.name != "__init__.py" and _mentions(words, path)} | reached
        if using == reached:
            break
        reached = using
    return frozenset(found)


def _mentions(words: set[str], path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    return sum(len(re.findall(rf"\b{word}\b", text)) + (word in path.name) for word in words)


class Chosen:
    """For pytest: unit tests, then contract tests of some parts, the long ones last; keeps the first that fails."""

    def __init__(self, parts: frozenset[str], thorough: bool) -> None:
        self._parts = parts
        self._thorough = thorough
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out contract tests of other parts unless all are wanted."""
        contract = [item for item in items if "/contract/" in item.nodeid]
        unit = [item for item in items if "/contract/" not in item.nodeid]
        if not self._thorough:
            contract = [item for item in contract if "[" not in item.nodeid or self._is_of_a_part(item.nodeid)]
            many = [item for item in contract if "test_validators" in item.nodeid]
            few = [item for item in contract if "test_validators" not in item.nodeid]
            contract = few + many[:: 1 + len(many) // MOST_CASES]
        items[:] = unit + sorted(contract, key=lambda item: "bounds" in item.nodeid)

    def _is_of_a_part(self, name: str) -> bool:
        return not self._parts.isdisjoint(re.split(r"[-\[\]]", name))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what failed."""
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that can no longer be read is a failure too."""
        if report.failed:
            self.failed = self.failed or report.nodeid


def run_tests(tree: Path, arguments: Sequence[str], chosen: Chosen, keep_bytecode: bool, answer: Connection) -> None:
    """In a process of its own: sends the first test that fails, or nothing; bytecode is kept of originals only."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.dont_write_bytecode = not keep_bytecode
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    status = pytest.main(
        ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:nbval", *arguments], plugins=[chosen]
    )
    answer.send(chosen.failed or ("" if status in (0, 5) else f"pytest ended with {status}"))
