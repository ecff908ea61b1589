"""Command `simlib attacks`: attacks on the designs of a scenario, and the check that refuses each of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console, print_paragraph, print_warnings
from simlib.commands.options import Json, Source
from simlib.commands.runner import describe_missing_output, print_answer, run_interruptibly

if TYPE_CHECKING:
    from rich.table import Table

    from simlib.decision.attack_findings import Finding
    from simlib.experiment.attack_matrix import Cell
    from simlib.report.attack_text import AttackTable
    from simlib.scenario.scenario import Scenario

_LABEL, _COLUMN, _WIDEST = 26, 17, 36


def attacks(
    scenario: Source,
    attack: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this attack, step by step; may be repeated."),
    ] = None,
    vulnerable: Annotated[
        bool,
        typer.Option(
            "--vulnerable/--no-vulnerable",
            help="Also deliberately vulnerable parts, flows and servers.",
        ),
    ] = True,
    victims: Annotated[bool | None, typer.Option("--victims/--no-victims", hidden=True)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also a design for every part of the catalogue.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write cells, findings and figures into this folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Attack the designs of a scenario with real bytes: tokens, and the flows by which clients get them.

    Each attack begins with assets that an attacker can have (a key set, a token seen on the network, a code in a
    redirect). They are obtained by real steps, and the attack is repeated in simulated time until it is refused. Every
    design is also attacked with its tokens bound to a key (DPoP, mutual TLS). Deliberately vulnerable parts lack one
    check each and cannot be used in a design: they show what that check is for. The conclusions are computed from the
    cells.

    \b
    Examples:
      simlib attacks busy-api
      simlib attacks busy-api --attack replayed_bearer
      simlib attacks my.toml --no-vulnerable --json
      simlib attacks busy-api --all --out attacks/

    Exit status: 0, 2 for bad input, 130 after Ctrl-C, 143 after SIGTERM. The folder must be new or empty; it appears
    complete or not at all.
    """
    from simlib.deployment.loading import load_scenario
    from simlib.experiment.atomic_folder import check_folder

    loaded = load_scenario(scenario)
    print_warnings(loaded)
    if out is not None:
        check_folder(out, "--out")
    with_vulnerable = vulnerable if victims is None else victims
    _run(loaded, attack or [], with_vulnerable, everything, out, json)


def _run(
    scenario: "Scenario", names: list[str], vulnerable: bool, everything: bool, out: Path | None, json: bool
) -> None:
    from simlib.decision.attack_findings import compute_findings
    from simlib.experiment.attack_matrix import plan_attacks, run_attacks
    from simlib.pentest.design_variants import list_skipped_parts
    from simlib.report.attack_report import write_attacks

    planned = plan_attacks(scenario, vulnerable=vulnerable, whole_catalogue=everything, only=names)
    skipped = list_skipped_parts(vulnerable=vulnerable, whole_catalogue=everything)
    with run_interruptibly(lambda: describe_missing_output(out), out) as run:
        with run.show_progress(len(planned), "attacking", "cells") as progress:
            cells = run_attacks(planned, progress)
        findings = compute_findings(cells)
        run.raise_if_interrupted()
        folder = None if out is None else write_attacks(out, scenario.name, cells, findings, skipped)
    print_answer(
        json,
        lambda: _build_document(scenario.name, cells, findings, skipped, names, folder),
        lambda: _print_attacks(scenario, cells, findings, skipped, names, out),
    )


def _build_document(
    scenario: str,
    cells: "tuple[Cell, ...]",
    findings: "tuple[Finding, ...]",
    skipped: tuple[str, ...],
    names: list[str],
    folder: Path | None,
) -> dict[str, Any]:
    from simlib.report.attack_report import build_attack_document
    from simlib.report.attack_text import build_attack_run_document

    attack_runs = {"encounters": [build_attack_run_document(cell) for cell in cells]} if names else {}
    where = None if folder is None else str(folder)
    return {**build_attack_document(scenario, cells, findings, skipped), **attack_runs, "folder": where}


# --- in the terminal -------------------------------------------------------------------------------------------------


def _print_attacks(
    scenario: "Scenario",
    cells: "tuple[Cell, ...]",
    findings: "tuple[Finding, ...]",
    skipped: tuple[str, ...],
    names: list[str],
    out: Path | None,
) -> None:
    from simlib.commands.compare_terminal import build_bullets
    from simlib.report.attack_text import LEGEND, build_attack_tables

    screen = open_console()
    screen.print(f"{scenario.title}: {len(cells)} cells, each from messages that were sent as real bytes")
    _print_attack_runs(cells, names)
    for table in build_attack_tables(cells):
        for number, part in enumerate(_split_table(table, screen.width)):
            screen.print()
            print_paragraph(screen, table.title + (", continued" if number else ""), 0, "bold")
            screen.print(part)
    if cells:
        print_paragraph(screen, LEGEND, 0, "dim")
    if findings:
        screen.print("\nWhat these cells show", style="bold")
        screen.print(build_bullets([f"{finding.about}: {finding.sentence}" for finding in findings]))
    if skipped:
        screen.print("\nSkipped", style="bold")
        screen.print(build_bullets(list(skipped)))
    if out is not None:
        screen.print(f"\nCells, findings and figures: {out}")


def _print_attack_runs(cells: "tuple[Cell, ...]", names: list[str]) -> None:
    from simlib.report.attack_text import describe_attack, describe_attack_run, select_noteworthy

    screen = open_console()
    for name in dict.fromkeys(names):
        screen.print()
        for number, line in enumerate(describe_attack(name)):
            print_paragraph(screen, line, 0, "" if number else "bold underline")
        for cell in select_noteworthy(cells, name):
            screen.print()
            for number, line in enumerate(describe_attack_run(cell)):
                print_paragraph(screen, line.lstrip(), len(line) - len(line.lstrip()), "" if number else "bold")


def _split_table(table: "AttackTable", width: int) -> "Iterator[Table]":
    """The table in as many pieces as the width (columns of text) needs."""
    from textwrap import fill

    from rich import box
    from rich.table import Table
    from rich.text import Text

    from simlib.report.attack_text import format_cells

    per_part = max((width - _LABEL - 2) // (_COLUMN + 2), 1)
    for begin in range(0, len(table.columns), per_part):
        columns = table.columns[begin : begin + per_part]
        room = min(max((width - _LABEL - 2) // len(columns) - 3, _COLUMN), _WIDEST)
        part = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        part.add_column("", min_width=_LABEL, overflow="fold")
        for column in columns:
            part.add_column(fill(column, room))
        for attack, row in table.rows.items():
            # Wrapped here: rich lets the last column be one character wider than the screen.
            texts = [fill(format_cells(row.get(column, ())), room) for column in columns]
            part.add_row(attack, *(Text(text, "red" if text.startswith("accepted") else "") for text in texts))
        yield part
