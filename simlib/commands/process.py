"""simlib process: who talks to whom, and what it takes, counted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console, print_json, print_paragraph

if TYPE_CHECKING:
    from rich.table import Table

    from simlib.analysis.process import Counts
    from simlib.tracing.steps import Step
    from simlib.tracing.user_lifecycle import UserTrace

ROWS = {
    "steps": "steps",
    "parties": "parties",
    "messages": "messages",
    "round_trips": "round trips, one after another",
    "as_round_trips": "  to the authorization server",
    "bytes": "bytes of all messages",
    "cryptography": "cryptographic operations",
    "public_key": "  on signed or encrypted tokens",
    "state_transitions": "state transitions",
    "rows_written": "  rows written",
    "memories": "  memories changed",
    "failure_points": "points of failure",
}
"""Count -> how the table calls it."""


def process(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="A scenario file (TOML), a run.json, or the name of a bundled one."),
    ],
    design: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this design; may be given several times.")
    ] = None,
    flow: Annotated[
        str | None, typer.Option(metavar="NAME", help="How the client signs in, such as authorization_code.")
    ] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Show the sequence itself, effect by effect.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Count what the life of one user takes, phase by phase: steps, messages, round trips, state, points of failure.

    Runs the real parts of each design for one user, without load: sign-in, first and next request, a request that
    needs user information, revocation, refresh, calls to inner services. A point of failure is a call without which
    the phase fails; each one is tried. In a world without clients the client is a web application.

    \b
    Examples:
      simlib process web-shop
      simlib process web-shop --design opaque --design jwt --trace
      simlib process web-shop --flow device_authorization
      simlib process my.toml --json

    Flows: authorization_code, backend_for_frontend, client_credentials, device_authorization. Where a scenario has
    several kinds of clients, the first is shown whole, of the others sign-in and refresh.
    Exit status: 0, 2 for bad input.
    """
    found = _count_lives(scenario, design or [], flow)
    if json:
        print_json(_build_document(scenario, found, trace))
    elif trace:
        _print_traces(found)
    else:
        _print_tables(found)


_Lived = list[tuple["UserTrace", dict[str, "Counts"]]]


def _count_lives(source: str, designs: list[str], flow: str | None) -> list[_Lived]:
    """Per kind of client, per design: the life and its counts."""
    from simlib.analysis.process import count_phases as counted
    from simlib.deployment.loading import load_scenario
    from simlib.tracing.single_user import list_client_kinds
    from simlib.tracing.user_lifecycle import REFRESH, SIGN_IN, trace_user

    scenario = load_scenario(source)
    names = [scenario.design(name).name for name in dict.fromkeys(designs)] or list(scenario.designs)
    groups: list[_Lived] = []
    for kind in list_client_kinds(scenario, flow):
        lives = [trace_user(scenario, name, kind, flow) for name in names]
        wanted = (SIGN_IN, REFRESH) if groups else None
        groups.append([(life, counted(scenario, life, wanted)) for life in lives])
    return groups


# --- tables ----------------------------------------------------------------------------------------------------------


def _print_tables(groups: list[_Lived]) -> None:
    from simlib.analysis.process import COUNTS

    screen = open_console()
    for group in groups:
        print_paragraph(screen, _format_title(group[0][0]), 0, "bold underline")
        for title, table in _build_tables(group):
            screen.print()
            print_paragraph(screen, title, 0, "bold")
            screen.print(table)
        screen.print()
    for name, words in ROWS.items():
        print_paragraph(screen, f"{words.strip()}: {COUNTS[name]}", 0, "dim")


def _format_title(life: "UserTrace") -> str:
    return f"client of kind {life.kind}, {life.flow}"


def _build_tables(group: _Lived) -> "Iterator[tuple[str, Table]]":
    from rich import box
    from rich.table import Table

    from simlib.tracing.user_lifecycle import PHASES, REVOKED

    for phase, meaning in PHASES.items():
        if not any(phase in counts for _, counts in group):
            continue
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        table.add_column("", no_wrap=True)
        for life, _ in group:
            table.add_column(life.design, justify="right", overflow="fold")
        for name, words in ROWS.items():
            table.add_row(
                words, *(str(getattr(counts[phase], name)) if phase in counts else "-" for _, counts in group)
            )
        if phase == REVOKED:
            table.add_row("the revoked token was", *(_format_outcome(life) for life, _ in group))
        yield f"{phase}: {meaning}", table


def _format_outcome(life: "UserTrace") -> str:
    return "-" if life.revoked_token_refused is None else "refused" if life.revoked_token_refused else "accepted"


# --- traces ----------------------------------------------------------------------------------------------------------


def _print_traces(groups: list[_Lived]) -> None:
    screen = open_console()
    for group in groups:
        for life, counts in group:
            print_paragraph(screen, f"{life.design}: {_format_title(life)}", 0, "bold underline")
            for phase in counts:
                print_paragraph(screen, phase, 2, "bold")
                for number, step in enumerate(life.list_steps(phase), start=1):
                    print_paragraph(screen, f"{number:>3}. {'  ' * step.depth}{format_step(step)}", 2)


def format_step(step: "Step") -> str:
    """One step in words."""
    aside = " (by itself)" if step.by_itself else " (nobody waits)" if step.behind else ""
    if step.kind == "request":
        return f"{step.party} -> {step.other}: {step.what} ({step.size} B){aside}"
    if step.kind == "reply":
        return f"{step.party} -> {step.other}: {step.status} ({step.size} B){aside}"
    return f"{step.party}: {'wait ' if step.kind == 'wait' else ''}{step.what}{aside}"


# --- for machines ----------------------------------------------------------------------------------------------------


def _build_document(source: str, groups: list[_Lived], trace: bool) -> dict[str, Any]:
    from simlib.analysis.process import COUNTS

    return {
        "scenario": source,
        "counts": dict(COUNTS),
        "lives": [_build_life_document(life, counts, trace) for group in groups for life, counts in group],
    }


def _build_life_document(life: "UserTrace", counts: "dict[str, Counts]", trace: bool) -> dict[str, Any]:
    return {
        "design": life.design,
        "client": life.kind,
        "flow": life.flow,
        "revoked_token_refused": life.revoked_token_refused,
        "phases": [
            {
                "phase": phase,
                "status": life.outcomes[phase],
                **{name: getattr(counts[phase], name) for name in ROWS},
                **({"trace": [step._asdict() for step in life.list_steps(phase)]} if trace else {}),
            }
            for phase in counts
        ],
    }
