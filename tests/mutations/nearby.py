"""Which tests are asked first about a mutant, and the process in which they run."""

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

FAMILIES = {
    "strategies": ("strategies", "wrapper"),
    "tokens": (
        "claims",
        "decoder",
        "dpop",
        "jws",
        "key",
        "opaque",
        "sealing",
        "shared",
        "status",
        "strategies",
        "wrapper",
    ),
    "services": ("services", "strategies", "wrapper", "server"),
    "flows": ("flows", "strategies", "services"),
}
"""Folder -> how the names of its unit tests begin."""

_DEFINED = re.compile(r"^(?:class|def) ([A-Za-z]\w+)", re.MULTILINE)
_PART = re.compile(r'^    name: ClassVar\[str\] = "(\w+)"', re.MULTILINE)


@cache
def unit_tests(tree: Path, file: str) -> tuple[str, ...]:
    """The unit tests of a file's folder, those first that speak most of what it defines."""
    words = set(_DEFINED.findall((tree / file).read_text(encoding="utf-8"))) | {Path(file).stem}
    said = {test: _mentions(words, test) for test in sorted((tree / "tests" / "unit").glob("test_*.py"))}
    folder = FAMILIES[Path(file).parent.name]
    near = [test for test in said if test.name.removeprefix("test_").startswith(folder)]
    ordered = sorted(near, key=lambda test: -said[test])
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
