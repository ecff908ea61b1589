"""Command `simlib process`: messages, round trips, state changes and points of failure of one user, counted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console, print_paragraph, print_warnings
from simlib.commands.options import Designs, Json, Source
from simlib.commands.runner import print_answer

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
"""Count -> its label in the table."""


def process(
    scenario: Source,
    design: Designs = None,
    flow: Annotated[
        str | None, typer.Option(metavar="NAME", help="The flow by which the client signs in: authorization_code, ...")
    ] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Show the sequence of messages and operations.")] = False,
    json: Json = False,
) -> None:
    """Count the steps, messages, round trips, state changes and points of failure of one user, phase by phase.

    Runs the real parts of each design for one user, without load: sign-in, first and next request, a request that
    needs user information, revocation, refresh, calls to inner services. A point of failure is a call without which
    the phase fails; each call is made to fail once. In a scenario without clients the client is a web application.

    \b
    Examples:
      simlib process web-shop
      simlib process web-shop --design opaque --design jwt --trace
      simlib process web-shop --flow device_authorization
      simlib process my.toml --json

    Flows: authorization_code, backend_for_frontend, client_credentials, device_authorization. Where a scenario has
    several kinds of clients, all phases of the first are shown, and sign-in and refresh of the others.

    Exit status: 0, 2 for bad input.
    """
    groups = _trace_users(scenario, design or [], flow)
    print_answer(
        json,
        lambda: _build_document(scenario, groups, trace),
        lambda: _print_traces(groups) if trace else _print_tables(groups),
    )


_Group = list[tuple["UserTrace", dict[str, "Counts"]]]
"""Traces of one kind of client, one per design, each with its counts by phase."""


def _trace_users(source: str, designs: list[str], flow: str | None) -> list[_Group]:
    """One group per kind of client; of all but the first only sign-in and refresh are counted."""
    from simlib.analysis.process import count_phases
    from simlib.deployment.loading import load_scenario
    from simlib.tracing.single_user import list_client_kinds
    from simlib.tracing.user_lifecycle import REFRESH, SIGN_IN, trace_user

    scenario = load_scenario(source)
    print_warnings(scenario)
    names = [scenario.design(name).name for name in dict.fromkeys(designs)] or list(scenario.designs)
    groups: list[_Group] = []
    for kind in list_client_kinds(scenario, flow):
        traces = [trace_user(scenario, name, kind, flow) for name in names]
        phases = (SIGN_IN, REFRESH) if groups else None
        groups.append([(trace, count_phases(scenario, trace, phases)) for trace in traces])
    return groups


# --- tables ----------------------------------------------------------------------------------------------------------


def _print_tables(groups: list[_Group]) -> None:
    from simlib.analysis.process import COUNTS

    screen = open_console()
    for group in groups:
        print_paragraph(screen, _format_title(group[0][0]), 0, "bold underline")
        for title, table in _build_tables(group):
            screen.print()
            print_paragraph(screen, title, 0, "bold")
            screen.print(table)
        screen.print()
    for name, label in ROWS.items():
        print_paragraph(screen, f"{label.strip()}: {COUNTS[name]}", 0, "dim")


def _format_title(user: "UserTrace") -> str:
    return f"client of kind {user.kind}, {user.flow}"


def _build_tables(group: _Group) -> "Iterator[tuple[str, Table]]":
    from rich import box
    from rich.table import Table

    from simlib.tracing.user_lifecycle import PHASES, REVOKED

    for phase, meaning in PHASES.items():
        if not any(phase in counts for _, counts in group):
            continue
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
        table.add_column("", no_wrap=True)
        for user, _ in group:
            table.add_column(user.design, justify="right", overflow="fold")
        for name, label in ROWS.items():
            table.add_row(
                label, *(str(getattr(counts[phase], name)) if phase in counts else "-" for _, counts in group)
            )
        if phase == REVOKED:
            table.add_row("the revoked token was", *(_format_outcome(user) for user, _ in group))
        yield f"{phase}: {meaning}", table


def _format_outcome(user: "UserTrace") -> str:
    return "-" if user.revoked_token_refused is None else "refused" if user.revoked_token_refused else "accepted"


# --- traces ----------------------------------------------------------------------------------------------------------


def _print_traces(groups: list[_Group]) -> None:
    screen = open_console()
    for group in groups:
        for user, counts in group:
            print_paragraph(screen, f"{user.design}: {_format_title(user)}", 0, "bold underline")
            for phase in counts:
                print_paragraph(screen, phase, 2, "bold")
                for number, step in enumerate(user.list_steps(phase), start=1):
                    print_paragraph(screen, f"{number:>3}. {'  ' * step.depth}{format_step(step)}", 2)


def format_step(step: "Step") -> str:
    """One step of a trace as a line of text; steps that delay no request are marked."""
    aside = " (by itself)" if step.by_itself else " (in the background)" if step.behind else ""
    if step.kind == "request":
        return f"{step.party} -> {step.other}: {step.what} ({step.size} B){aside}"
    if step.kind == "reply":
        return f"{step.party} -> {step.other}: {step.status} ({step.size} B){aside}"
    return f"{step.party}: {'wait ' if step.kind == 'wait' else ''}{step.what}{aside}"


# --- for machines ----------------------------------------------------------------------------------------------------


def _build_document(source: str, groups: list[_Group], trace: bool) -> dict[str, Any]:
    from simlib.analysis.process import COUNTS

    return {
        "scenario": source,
        "counts": dict(COUNTS),
        "lives": [_build_user_document(user, counts, trace) for group in groups for user, counts in group],
    }


def _build_user_document(user: "UserTrace", counts: "dict[str, Counts]", trace: bool) -> dict[str, Any]:
    return {
        "design": user.design,
        "client": user.kind,
        "flow": user.flow,
        "revoked_token_refused": user.revoked_token_refused,
        "phases": [
            {
                "phase": phase,
                "status": user.outcomes[phase],
                **{name: getattr(counts[phase], name) for name in ROWS},
                **({"trace": [step._asdict() for step in user.list_steps(phase)]} if trace else {}),
            }
            for phase in counts
        ],
    }
