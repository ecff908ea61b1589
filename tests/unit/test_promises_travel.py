"""Promises of designs are computed where verdicts are judged; reports and terminals only read them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import simlib
from simlib.decision import comparison as judging
from simlib.decision import compute_promises, judge_comparison, promises
from simlib.report.html import render_html
from simlib.report.summary import build_comparison_document, format_verdict
from support.comparisons import comparison
from support.decisions import decision

ROOT = Path(simlib.__file__).resolve().parent
REPORTS = sorted((ROOT / "report").rglob("*.py"))
CARRIED = {"ValidityBounds", "format_seconds", "list_promise_sentences"}
"""What a reader of promises needs: their type, and how they are written."""


def imported(file: Path) -> Iterator[tuple[str, str]]:
    """Module and name of every import, also inside functions; the name is empty for a whole module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("file", REPORTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_report_imports_no_deployment_and_no_strategy(file: Path) -> None:
    names = {".".join((module, name)).split(".")[1] for module, name in imported(file) if module.startswith("simlib")}
    assert not names & {"deployment", "strategies"}


@pytest.mark.parametrize("file", [*REPORTS, ROOT / "commands" / "compare_terminal.py"], ids=lambda file: file.name)
def test_a_report_computes_no_promise(file: Path) -> None:
    taken = {name for module, name in imported(file) if module in ("simlib.decision", "simlib.decision.promises")}
    assert taken & set(vars(promises)) <= CARRIED


def test_verdicts_hold_the_promises_of_all_designs_and_a_decision_hands_them_on() -> None:
    verdicts = judge_comparison(comparison())
    assert verdicts.promises == compute_promises(verdicts.scenario)
    assert tuple(verdicts.promises) == verdicts.designs
    made = decision()
    assert made.promises is made.verdicts.promises


def test_reports_are_written_without_building_a_strategy_again(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = judge_comparison(comparison())

    def fail(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(promises, "compute_design_bound", fail)
    monkeypatch.setattr(judging, "compute_promises", fail)
    assert "after its revocation" in format_verdict(verdicts)
    assert set(build_comparison_document(verdicts)["promises"]) == set(verdicts.designs)
    assert 'id="promises"' in render_html(verdicts, ())
