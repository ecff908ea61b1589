"""Attacks as text: one run step by step (assets, requests, answers), and the cells of the matrix in tables."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import describe_acceptance, describe_cell
from simlib.experiment.attack_matrix import Cell
from simlib.pentest.attack_run import PACE
from simlib.pentest.attack_session import Message
from simlib.scenario.effects import Failed
from simlib.scenario.messages import HttpRequest
from simlib.tokens import read_header, read_payload

LONGEST_TEXT = 28
"""Characters of a long text that are printed."""
MOST_MESSAGES = 14
"""Messages of one attack run that are printed."""
SECRET_FIELDS = ("password", "code_verifier", "client_secret")


def describe_attack(name: str) -> tuple[str, ...]:
    """Summary of an attack, and its source."""
    kind = ATTACKS[name]
    return f"{name}: {kind.summary}", f"Source: {kind.source}"


def select_noteworthy(cells: Sequence[Cell], name: str) -> tuple[Cell, ...]:
    """Cells of one attack in which messages were sent, without two that differ only in the design of a flow."""
    selected: dict[tuple[str, ...], Cell] = {}
    for cell in cells:
        run = cell.attack_run
        if run.attack != name or run.outcome == "inapplicable":
            continue
        column = cell.setting if cell.group == "flows" else cell.target.design.name
        key = (cell.group, column) if cell.group in ("designs", "flows") else (cell.group, run.check)
        selected.setdefault(key, cell)
    return tuple(selected.values())


def describe_attack_run(cell: Cell) -> Iterator[str]:
    """Lines of an attack run: its outcome, then its steps."""
    run = cell.attack_run
    yield describe_cell(cell)
    for asset in run.obtained:
        yield f"  obtained: {asset}"
    groups = [list(messages) for _, messages in groupby(run.messages, key=_build_message_key)]
    for messages in groups[:MOST_MESSAGES]:
        yield from _describe_message(messages[0])
        if len(messages) > 1:
            last = f"{messages[-1].instant:.2f} s"
            more = f"{len(messages) - 1} similar messages, the last at" if len(messages) > 2 else "1 similar message at"
            yield f"             and {more} {last}"
    if len(groups) > MOST_MESSAGES:
        yield f"  ... and {sum(map(len, groups[MOST_MESSAGES:]))} more messages"
    for label, check in dict.fromkeys((attempt.label, attempt.check) for attempt in run.attempts):
        yield f"  tried: {label}: {check or 'accepted'}"


def _build_message_key(message: Message) -> tuple[str, ...]:
    """Key by which messages are alike for a reader; without the proof of possession, which is new each time."""
    request, answer = message.request, message.answer
    return message.sender, message.target, request.authorization, str(request.body), _describe_answer(answer)


def _describe_message(message: Message) -> Iterator[str]:
    content = "; ".join(_describe_request(message.request)) or "(an empty request)"
    yield f"  {message.instant:8.2f} s {message.sender} -> {message.target}: {content}"
    yield f"             answered: {_describe_answer(message.answer)}"


def _describe_request(request: HttpRequest) -> Iterator[str]:
    scheme, _, credential = request.authorization.partition(" ")
    if credential:
        yield f"{scheme} {_describe_token(credential)}"
    if request.dpop:
        yield f"proof {_describe_token(request.dpop)}"
    if request.body:
        yield ", ".join(f"{name}={_format_value(name, value)}" for name, value in _parse_form(request.body))


def _describe_token(token: str) -> str:
    """The beginning of a token, with its header and main claims where it is no opaque one."""
    header, claims = read_header(token), read_payload(token)
    if claims is None and header and token.count(".") == 2:
        claims = read_payload(token + "-")  # without a signature there is nothing after the last dot
    header_text = f" {json.dumps(dict(header))}" if header else ""
    main_claims = (
        {name: claims[name] for name in ("iss", "aud", "sub", "scope", "exp") if name in claims} if claims else {}
    )
    return f"{_shorten(token)}{header_text}{f' {json.dumps(main_claims)}' if main_claims else ''}"


def _parse_form(body: bytes) -> Sequence[tuple[str, str]]:
    return parse_qsl(body.decode("ascii", "replace"))


def _format_value(name: str, value: str) -> str:
    return "(hidden)" if name in SECRET_FIELDS else _shorten(value)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."


def _describe_answer(answer: Any) -> str:
    if answer is None or isinstance(answer, Failed):
        return "no answer" if answer is None else f"failed ({answer.reason})"
    body = answer.body if isinstance(answer.body, bytes) else b""
    text = _shorten(body.decode("ascii", "replace").strip("\0"))
    return " ".join(part for part in (str(answer.status), answer.challenge, text) if part)


def build_attack_run_document(cell: Cell) -> dict[str, Any]:
    """One attack run as JSON types, with its messages."""
    run = cell.attack_run
    return {
        "where": describe_cell(cell),
        "obtained": list(run.obtained),
        "messages": [
            {
                "instant_s": message.instant,
                "sender": message.sender,
                "target": message.target,
                "sent": list(_describe_request(message.request)),
                "answered": _describe_answer(message.answer),
            }
            for message in run.messages
        ],
        "tries": [attempt._asdict() for attempt in run.attempts],
    }


NOTHING = "-"
"""Text of a cell without a target."""
LEGEND = (
    f"A word names the check that refused the request; accepted: for how long and how many requests, with {PACE}; "
    f"{NOTHING} no target."
)


class AttackTable(NamedTuple):
    """Table of attacks; ``rows``: attack -> column -> its cells, several where a column stands for several designs."""

    title: str
    columns: tuple[str, ...]
    rows: dict[str, dict[str, list[Cell]]]


def build_attack_tables(cells: Sequence[Cell]) -> tuple[AttackTable, ...]:
    """Tables of designs, of designs with bound tokens where the outcome differs, of the catalogue, and of flows."""
    designs = [cell for cell in cells if cell.group == "designs"]
    bound = [cell for cell in cells if cell.group == "bound"]
    tables = [
        _build_table("Attacks on tokens", designs, by_design=True),
        _build_table(
            "With tokens bound to a key of the client: what changes", _select_changed(designs, bound), by_design=True
        ),
        _build_table("Other parts of the catalogue", [c for c in cells if c.group == "catalogue"], by_design=True),
        _build_table("Attacks on flows", [c for c in cells if c.group == "flows"], by_design=False),
    ]
    return tuple(table for table in tables if table.rows)


def _build_table(title: str, cells: Sequence[Cell], *, by_design: bool) -> AttackTable:
    rows: dict[str, dict[str, list[Cell]]] = {}
    for cell in cells:
        column = cell.target.design.name if by_design else cell.setting
        rows.setdefault(cell.attack_run.attack, {}).setdefault(column, []).append(cell)
    columns = dict.fromkeys(column for row in rows.values() for column in row)
    return AttackTable(title, tuple(columns), rows)


def _select_changed(designs: Sequence[Cell], bound: Sequence[Cell]) -> list[Cell]:
    """Cells with another outcome than those of the design of which theirs is a variant."""
    outcomes = {(c.target.design.name, c.attack_run.attack): c.attack_run.outcome for c in designs}
    changed = {
        cell.attack_run.attack
        for cell in bound
        if outcomes.get((cell.target.design.name.partition("+")[0], cell.attack_run.attack)) != cell.attack_run.outcome
    }
    return [cell for cell in bound if cell.attack_run.attack in changed]


def format_cells(cells: Sequence[Cell]) -> str:
    """Text of several cells: a range where only times differ, else the different outcomes with slashes."""
    runs = [cell.attack_run for cell in cells]
    if len({describe_acceptance(cell) for cell in cells}) > 1 and all(
        run.requests > 1 and not run.lasted for run in runs
    ):
        return f"accepted {min(run.seconds for run in runs):.0f} to {max(run.seconds for run in runs):.0f} s"
    return " / ".join(dict.fromkeys(_format_cell(cell) for cell in cells))


def _format_cell(cell: Cell) -> str:
    run = cell.attack_run
    if run.outcome == "inapplicable":
        return NOTHING
    if run.outcome == "accepted":
        count = "" if run.requests == 1 else f", {run.requests} x"
        return f"accepted {describe_acceptance(cell)}{count}"
    checks = (check.rpartition(": ")[2] for check in run.check.split("; "))
    return ", ".join(dict.fromkeys(checks))
