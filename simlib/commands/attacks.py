"""simlib attacks: what is refused by which check, and what is accepted for how long."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simlib.commands.console import Interrupted, console, print_json, show
from simlib.commands.progress import heard_interrupts

if TYPE_CHECKING:
    from rich.table import Table

    from simlib.decision.attack_findings import Finding
    from simlib.experiment.attack_matrix import Cell, Planned
    from simlib.report.attack_text import AttackTable
    from simlib.scenario.scenario import Scenario

_LABEL, _COLUMN, _WIDEST = 26, 17, 36


def attacks(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="A scenario file (TOML), a run.json, or the name of a bundled one."),
    ],
    attack: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this attack, told step by step; may be repeated.")
    ] = None,
    victims: Annotated[
        bool, typer.Option("--victims/--no-victims", help="Also parts, flows and servers that lack a check.")
    ] = True,
    everything: Annotated[bool, typer.Option("--all", help="Also a design for every part of the catalogue.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write cells, findings and figures into this folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Attack the designs of a scenario with real bytes: tokens, and the flows by which clients get them.

    Each attack begins with what an attacker can have (a key set, a token seen on its way, a code in a redirect), which
    is obtained by real steps, and is tried again and again in simulated time until it is refused. Every design is also
    attacked with its tokens bound to a key (DPoP, mutual TLS). Victims lack one check each and can never be designs:
    they show what that check is for. The conclusions are computed from the cells.

    \b
    Examples:
      simlib attacks busy-api
      simlib attacks busy-api --attack replayed_bearer
      simlib attacks my.toml --no-victims --json
      simlib attacks busy-api --all --out attacks/

    Exit status: 0, 2 for bad input, 130 after Ctrl-C. The folder must be new or empty; it appears whole or not at all.
    """
    from simlib.deployment.loading import load_scenario
    from simlib.experiment.atomic_folder import check_folder
    from simlib.experiment.attack_matrix import plan_attacks

    loaded = load_scenario(scenario)
    if out is not None:
        check_folder(out, "--out")
    planned = plan_attacks(loaded, victims=victims, everything=everything, only=attack or ())
    _run(loaded, planned, attack or [], out, json)


def _run(scenario: "Scenario", planned: "tuple[Planned, ...]", named: list[str], out: Path | None, json: bool) -> None:
    from simlib.decision.attack_findings import find
    from simlib.report.attack_folder import attack_document, write_attacks

    with heard_interrupts() as ask:
        try:
            cells = _attacked(planned, ask)
            findings = find(cells)
            ask()
            folder = None if out is None else write_attacks(out, scenario.name, cells, findings)
        except KeyboardInterrupt:
            raise Interrupted("nothing was written" if out is None else f"nothing was written to {out}") from None
    if json:
        from simlib.report.attack_text import told

        more = {"encounters": [told(cell) for cell in cells]} if named else {}
        where = None if folder is None else str(folder)
        print_json({**attack_document(scenario.name, cells, findings), **more, "folder": where})
    else:
        _tell(scenario, cells, findings, named, out)


def _attacked(planned: "tuple[Planned, ...]", ask: Callable[[], None]) -> "tuple[Cell, ...]":
    from simlib.commands.progress import progress
    from simlib.experiment.attack_matrix import run_attacks

    with progress(len(planned), "attacking", "cells") as tell_progress:

        def told(done: int, total: int) -> None:
            ask()
            tell_progress(done, total)

        return run_attacks(planned, told)


# --- in the terminal -------------------------------------------------------------------------------------------------


def _tell(
    scenario: "Scenario",
    cells: "tuple[Cell, ...]",
    findings: "tuple[Finding, ...]",
    named: list[str],
    out: Path | None,
) -> None:
    from simlib.commands.compare_terminal import bullets
    from simlib.report.attack_text import LEGEND, attack_tables

    screen = console()
    screen.print(f"{scenario.title}: {len(cells)} cells, each by bytes that were really sent")
    if named:
        _tell_steps(cells, named)
    for table in attack_tables(cells):
        for number, part in enumerate(_parts(table, screen.width)):
            screen.print()
            show(screen, table.title + (", continued" if number else ""), 0, "bold")
            screen.print(part)
    if cells:
        show(screen, LEGEND, 0, "dim")
    if findings:
        screen.print("\nWhat these cells show", style="bold")
        screen.print(bullets([f"{finding.about}: {finding.sentence}" for finding in findings]))
    if out is not None:
        screen.print(f"\nCells, findings and figures: {out}")


def _tell_steps(cells: "tuple[Cell, ...]", named: list[str]) -> None:
    from simlib.report.attack_text import describe_attack, describe_attack_run, worth_telling

    screen = console()
    for name in dict.fromkeys(named):
        screen.print()
        for number, line in enumerate(describe_attack(name)):
            show(screen, line, 0, "" if number else "bold underline")
        for cell in worth_telling(cells, name):
            screen.print()
            for number, line in enumerate(describe_attack_run(cell)):
                show(screen, line.lstrip(), len(line) - len(line.lstrip()), "" if number else "bold")


def _parts(table: "AttackTable", width: int) -> "Iterator[Table]":
    """The table in as many pieces as the width (columns of text) asks for."""
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
