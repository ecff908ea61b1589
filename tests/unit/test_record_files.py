"""The files of a decision record: MADR form, page, tables, and a folder that is equal when it is made again."""

import csv
import io
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from simlib.decision.choice.document import build_decision_document
from simlib.decision.choice.results import Decision
from simlib.decision.effort import load_ledger
from simlib.deployment.loading import load_scenario
from simlib.report.comparison_folder import write_report
from simlib.report.decision_figures import cost_bars_figure, tornado_figure
from simlib.report.figure_style import render_svg
from simlib.report.record.complexity import Complexity, format_effort_csv, format_indicators_csv, measure_complexity
from simlib.report.record.folder import FILES, check_decision_folder, write_decision
from simlib.report.record.inputs import describe_input
from simlib.report.record.madr import format_decision_record
from simlib.report.record.net_present_value import list_pairs
from simlib.report.record.page import FIGURE_NAMES, draw_decision_figures, render_decision_page
from simlib.report.record.tables import TABLES, build_decision_tables
from simlib.report.run_record import Provenance
from simlib.scenario.errors import InputError
from support.comparisons import CACHED, JWT, OPAQUE
from support.decisions import KINDS, decision, spread

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
MADR = (
    ("#", ""),
    ("##", "Context and Problem Statement"),
    ("##", "Decision Drivers"),
    ("##", "Considered Options"),
    ("##", "Decision Outcome"),
    ("###", "Consequences"),
    ("###", "Confirmation"),
    ("##", "Pros and Cons of the Options"),
    ("##", "More Information"),
)
"""Headings of MADR 4.0, https://github.com/adr/madr/blob/4.0.0/template/adr-template.md, in their order."""
EVIL = 'A | B <script>alert(1)</script> [x](javascript:y) `code` *bold* "q" & {{ 7 * 7 }}'


@cache
def complexity_of_kind(kind: str) -> Complexity:
    return measure_complexity(KINDS[kind]().scenario, load_ledger())


@cache
def record_of(kind: str) -> str:
    """The record of a kind of decision, made once."""
    return format_decision_record(KINDS[kind](), complexity_of_kind(_like(kind)))


def _like(kind: str) -> str:
    return kind if kind in ("alone", "six") else "choose"  # all others have the same designs


@pytest.fixture
def complexity(request: pytest.FixtureRequest) -> Complexity:
    """Of the designs of the decision that the test is about."""
    callspec = getattr(request.node, "callspec", None)
    kind = "choose" if callspec is None else callspec.params.get("kind", "choose")
    return complexity_of_kind(_like(kind))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def named(title: str) -> Decision:
    own = decision()
    return replace(own, scenario=replace(own.scenario, title=title, description=title))


# --- decision.md -----------------------------------------------------------------------------------------------------


@EVERY_KIND
def test_the_record_has_the_headings_of_madr_in_their_order(kind: str) -> None:
    found = re.findall(r"^(#+) (.*)$", record_of(kind), flags=re.MULTILINE)
    fixed = [heading if number else (heading[0], "") for number, heading in enumerate(found)]
    places = [fixed.index(wanted) for wanted in MADR]
    assert places == sorted(places)
    assert [heading for heading in fixed if heading[0] in ("#", "##")] == [own for own in MADR if own[0] != "###"]


@EVERY_KIND
def test_every_table_of_the_record_is_whole(kind: str) -> None:
    lines = record_of(kind).splitlines()
    for number, line in enumerate(lines):
        if set(line) <= set("|- ") and line.startswith("|"):
            width = line.count("|")
            assert lines[number - 1].count("|") == width
            body = next(at for at in range(number + 1, len(lines)) if not lines[at].startswith("|"))
            assert body > number + 1
            assert {re.sub(r"\\\|", "", own).count("|") for own in lines[number + 1 : body]} == {width}


@EVERY_KIND
def test_a_reader_finds_every_design_its_numbers_and_what_was_assumed(kind: str) -> None:
    made = KINDS[kind]()
    text = record_of(kind)
    for design in made.scenario.designs:
        assert f"### {design}\n" in text
    for name in made.inputs:
        assert f"| {describe_input(name)} |" in text
    for mark in ("(assumed)", "(computed)", "measured", "counted"):
        assert mark in text
    assert "None" not in text
    assert "nan" not in text.split()
    assert text.count("\n\n\n") == 0


def test_limits_and_who_is_out_come_before_money_and_outcome() -> None:
    text = format_decision_record(KINDS["out-of-limits"]())
    order = ["A design that breaks a limit is excluded", f"{JWT} is excluded", "## Decision Outcome", "| place |"]
    places = [text.index(piece) for piece in order]
    assert places == sorted(places)


@EVERY_KIND
def test_the_opponent_is_shown_or_said_to_be_missing(kind: str) -> None:
    made = KINDS[kind]()
    text = format_decision_record(made)
    if made.opponent is None:
        assert "is the only reference" in text
    else:
        assert f"net present value against {made.opponent}" in text
        assert f"{made.opponent} is a reference of its own" in text


def test_nothing_of_a_scenario_becomes_markup_of_the_record() -> None:
    text = format_decision_record(named(EVIL))
    assert "<script>" not in text
    assert "](javascript" not in text
    assert r"{{ 7 \* 7 }}" in text
    assert r"A \| B" in text


def test_a_line_break_of_a_work_item_begins_no_line_of_the_record(complexity: Complexity) -> None:
    (own, *rest) = (one for one in complexity.items[OPAQUE] if not one.item.common)
    broken = own._replace(item=replace(own.item, title="a\r# b\r\n* c", low=500.0, likely=500.0, high=500.0))
    text = format_decision_record(decision(), replace(complexity, items={OPAQUE: (broken, *rest)}))
    assert "\r" not in text
    assert "a # b" in text
    assert not re.search(r"^(# b|\* c)", text, re.MULTILINE)


# --- the page --------------------------------------------------------------------------------------------------------


@EVERY_KIND
def test_the_page_stands_alone(kind: str, complexity: Complexity) -> None:
    made = KINDS[kind]()
    figures = draw_decision_figures(made)[:1]
    page = render_decision_page(made, figures, complexity)
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#)', page)
    assert "default-src 'none'" in page
    assert made.reason.rstrip(".").replace("'", "&#39;") in page
    assert page.count('role="img" aria-label="') == page.count("<figure>") == 1
    for design in made.scenario.designs:
        assert f"<h3>{design}" in page


def test_the_page_has_limits_before_the_verdict_and_all_figures() -> None:
    made = decision()
    figures = draw_decision_figures(made)
    page = render_decision_page(made, figures)
    order = [page.index(f'<h2 id="{name}">') for name in ("limits", "verdict", "figures", "worth", "sizes", "inputs")]
    assert order == sorted(order)
    assert [figure.name for figure in figures] == list(FIGURE_NAMES)
    assert page.count("<figure>") == len(FIGURE_NAMES)


def test_nothing_of_a_scenario_becomes_markup_of_the_page() -> None:
    made = named(EVIL)
    page = render_decision_page(made, ())
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


# --- tables and documents --------------------------------------------------------------------------------------------


@EVERY_KIND
def test_every_table_is_there_with_its_columns(kind: str) -> None:
    found = build_decision_tables(KINDS[kind]())
    assert list(found) == list(TABLES)
    for name, text in found.items():
        assert text.splitlines()[0].split(",") == list(TABLES[name])
        assert not re.search(r"\b(nan|inf|None)\b", text), name


def test_the_tables_hold_what_the_decision_says() -> None:
    made = decision()
    found = {name: rows(text) for name, text in build_decision_tables(made).items()}
    assert len(found["limits.csv"]) == len(made.limits)
    assert [row["design"] for row in found["ranking.csv"]] == [own.design for own in made.ranking]
    assert [float(row["npv_mean"]) for row in found["npv.csv"]] == [own.npv.mean for own in list_pairs(made)]
    parts = sum(
        float(row["mean"]) for row in found["npv_parts.csv"] if (row["design"], row["against"]) == (JWT, CACHED)
    )
    assert parts == pytest.approx(made.against[CACHED][JWT].npv.mean)
    assert len(found["sizes.csv"]) == sum(len(size.trials) for size in made.gain.sizes.values())
    assert sum(row["chosen"] == "yes" for row in found["sizes.csv"]) == len(made.gain.sizes)
    assert {row["input"] for row in found["inputs.csv"]} == set(made.inputs)


def test_effort_is_listed_item_by_item_with_its_sources(complexity: Complexity) -> None:
    found = rows(format_effort_csv(complexity))
    assert {row["design"] for row in found} == set(decision().scenario.designs)
    assert all(row["source"] and row["basis"] for row in found)
    assert all(float(row["pd_low"]) <= float(row["pd_likely"]) <= float(row["pd_high"]) for row in found)
    assert len({(row["design"], row["id"]) for row in found}) == len(found)  # a union: no item counts twice


def test_indicators_are_counted_or_measured_and_never_person_days_of_the_ranking(complexity: Complexity) -> None:
    found = rows(format_indicators_csv(complexity))
    assert {row["kind"] for row in found} == {"counted", "measured"}
    assert all(row["source"] for row in found)


def test_costs_that_are_the_same_for_every_design_are_a_bar_of_their_own() -> None:
    figure, _ = cost_bars_figure(decision())
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths[:3] == [21_000.0] * 3  # of each of three designs
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[0] == "the same for every design"
    made = decision()
    effort = widths[3:6]
    assert effort == [ranked.cost_parts["effort"].mean - 18_000 for ranked in made.ranking]


def test_bars_add_up_to_the_total_and_savings_go_to_the_left() -> None:
    made = decision(common=None)
    first = replace(made.ranking[0], cost_parts={"effort": spread(-300, 10), "servers": spread(500, 10)})
    figure, words = cost_bars_figure(replace(made, ranking=(replace(first, total_cost=spread(200, 20)),)))
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in figure.axes[0].patches]
    assert bars == [(0, -300), (0, 500)]
    assert "effort \N{MINUS SIGN}300" in words


# --- the folder ------------------------------------------------------------------------------------------------------


def test_a_record_is_equal_when_it_is_made_again_but_for_run_json(complexity: Complexity, tmp_path: Path) -> None:
    """Of one design, for drawing takes seconds; `simlib decide` is repeated whole in tests/behaviour."""
    first = write_decision(tmp_path / "a", KINDS["alone"](), complexity, Provenance({"seed": 1}, 1.5, {"draws": 10}))
    again = write_decision(tmp_path / "b", KINDS["alone"](), complexity, Provenance({}, 99.0, {"draws": 10}))
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    assert {"decision.md", "report.html", "decision.json", "run.json", "cost.png", *TABLES} <= set(names) <= set(FILES)
    for name in set(names) - {"run.json"}:
        assert (first / name).read_bytes() == (again / name).read_bytes(), name


def test_the_figure_of_what_drives_it_is_equal_when_it_is_drawn_again() -> None:
    first, again = (tornado_figure(decision().sensitivity[0], "USD")[0] for _ in range(2))
    assert render_svg(first) == render_svg(again)


@EVERY_KIND
def test_words_and_tables_are_equal_when_they_are_made_again(kind: str, complexity: Complexity) -> None:
    first, again = KINDS[kind](), KINDS[kind]()
    assert record_of(kind) == format_decision_record(again, complexity)
    assert render_decision_page(first, (), complexity) == render_decision_page(again, (), complexity)
    assert build_decision_tables(first) == build_decision_tables(again)
    assert json.dumps(build_decision_document(first)) == json.dumps(build_decision_document(again))


def test_the_documents_are_json_and_the_scenario_can_be_loaded_again(tmp_path: Path) -> None:
    made = KINDS["alone"]()
    folder = write_decision(tmp_path / "out", made, provenance=Provenance({}, 1.0, {"draws": 10_000}))
    document = json.loads((folder / "decision.json").read_text(encoding="utf-8"))
    assert document == json.loads(json.dumps(build_decision_document(made)))
    assert document["word"] == "choose"
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run["decision"] == {"draws": 10_000}
    again = load_scenario(folder / "run.json")
    assert (again.limits, again.terms, again.worth) == (made.scenario.limits, made.scenario.terms, made.scenario.worth)


def test_an_earlier_record_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    target = write_decision(tmp_path / "out", KINDS["alone"]())
    (target / "tornado.png").write_bytes(b"of an earlier record that had more figures")
    write_decision(target, KINDS["alone"]())
    assert not (target / "tornado.png").exists()
    (target / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes\.txt"):
        write_decision(target, KINDS["alone"]())
    report = write_report(tmp_path / "report", decision().verdicts)
    with pytest.raises(InputError, match="is no part of a report"):
        check_decision_folder(report)


def test_a_failure_while_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes = Path.write_bytes

    def fail(path: Path, data: bytes) -> int:
        if path.name == "decision.json":
            raise OSError(28, "No space left on device")
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(InputError, match="cannot be written"):
        write_decision(tmp_path / "out", KINDS["alone"]())
    assert list(tmp_path.iterdir()) == []
