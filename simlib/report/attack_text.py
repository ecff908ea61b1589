"""One attack told step by step: what the attacker had, what was sent, what was answered.

Cells of the matrix of attacks as short texts, and how they are gathered into tables.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import cell_words, how_long
from simlib.experiment.attack_matrix import Cell
from simlib.pentest.attack_run import PACE
from simlib.pentest.attack_session import Message
from simlib.scenario.effects import Failed
from simlib.scenario.messages import HttpRequest
from simlib.tokens import header_of, payload_of

SHORT = 28
"""Characters that are shown of what is long."""
MOST = 14
"""Messages that are shown of one encounter."""
SECRET = ("password", "code_verifier", "client_secret")


def attack_lines(name: str) -> tuple[str, ...]:
    """What the attack is and where it is described."""
    kind = ATTACKS[name]
    return f"{name}: {kind.summary}", f"Source: {kind.source}"


def worth_telling(cells: Sequence[Cell], name: str) -> tuple[Cell, ...]:
    """Those of one attack in which something happens: of flows those of the first design, and no two that end alike."""
    found: dict[tuple[str, ...], Cell] = {}
    for cell in cells:
        encounter = cell.encounter
        if encounter.attack != name or encounter.outcome == "inapplicable":
            continue
        place = cell.setting if cell.group == "flows" else cell.ground.design.name
        alike = (cell.group, place) if cell.group in ("designs", "flows") else (cell.group, encounter.check)
        found.setdefault(alike, cell)
    return tuple(found.values())


def encounter_lines(cell: Cell) -> Iterator[str]:
    """How it ended, then the steps."""
    encounter = cell.encounter
    yield cell_words(cell)
    for had in encounter.obtained:
        yield f"  had: {had}"
    runs = [list(run) for _, run in groupby(encounter.messages, key=_likeness)]
    for run in runs[:MOST]:
        yield from _message(run[0])
        if len(run) > 1:
            yield f"             and {len(run) - 1} more like it, the last at {run[-1].instant:.2f} s"
    if len(runs) > MOST:
        yield f"  ... and {sum(map(len, runs[MOST:]))} more messages"
    for label, check in dict.fromkeys((one.label, one.check) for one in encounter.tries):
        yield f"  tried: {label}: {check or 'accepted'}"


def _likeness(message: Message) -> tuple[str, ...]:
    """What makes two messages the same to whoever reads: not the proof, which is new each time."""
    request, answer = message.request, message.answer
    return message.sender, message.target, request.authorization, str(request.body), _answered(answer)


def _message(message: Message) -> Iterator[str]:
    said = "; ".join(_sent(message.request)) or "(an empty request)"
    yield f"  {message.instant:8.2f} s {message.sender} -> {message.target}: {said}"
    yield f"             answered: {_answered(message.answer)}"


def _sent(request: HttpRequest) -> Iterator[str]:
    scheme, _, credential = request.authorization.partition(" ")
    if credential:
        yield f"{scheme} {_token(credential)}"
    if request.dpop:
        yield f"proof {_token(request.dpop)}"
    if request.body:
        yield ", ".join(f"{name}={_value(name, value)}" for name, value in _form(request.body))


def _token(token: str) -> str:
    """The beginning of a token, and what it says where it can be read."""
    header, claims = header_of(token), payload_of(token)
    if claims is None and header and token.count(".") == 2:
        claims = payload_of(token + "-")  # without a signature there is nothing after the last dot
    said = f" {json.dumps(dict(header))}" if header else ""
    told = {name: claims[name] for name in ("iss", "aud", "sub", "scope", "exp") if name in claims} if claims else {}
    return f"{_short(token)}{said}{f' {json.dumps(told)}' if told else ''}"


def _form(body: bytes) -> Sequence[tuple[str, str]]:
    return parse_qsl(body.decode("ascii", "replace"))


def _value(name: str, value: str) -> str:
    return "(hidden)" if name in SECRET else _short(value)


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."


def _answered(answer: Any) -> str:
    if answer is None or isinstance(answer, Failed):
        return "no answer" if answer is None else f"failed ({answer.reason})"
    body = answer.body if isinstance(answer.body, bytes) else b""
    shown = _short(body.decode("ascii", "replace").strip("\0"))
    return " ".join(part for part in (str(answer.status), answer.challenge, shown) if part)


def told(cell: Cell) -> dict[str, Any]:
    """One encounter for machines, with its messages."""
    encounter = cell.encounter
    return {
        "where": cell_words(cell),
        "obtained": list(encounter.obtained),
        "messages": [
            {
                "instant_s": message.instant,
                "sender": message.sender,
                "target": message.target,
                "sent": list(_sent(message.request)),
                "answered": _answered(message.answer),
            }
            for message in encounter.messages
        ],
        "tries": [one._asdict() for one in encounter.tries],
    }


NOTHING = "-"
"""Where there is nothing to attack."""
LEGEND = (
    f"A word names the check that refused; accepted: for how long and how many requests, with {PACE}; "
    f"{NOTHING} nothing to attack."
)


class AttackTable(NamedTuple):
    """Attacks down; ``rows``: attack -> column -> the cells there, several when designs are gathered."""

    title: str
    columns: tuple[str, ...]
    rows: dict[str, dict[str, list[Cell]]]


def attack_tables(cells: Sequence[Cell]) -> tuple[AttackTable, ...]:
    """Designs, the same with bound tokens as far as that changes anything, the catalogue, and sound flows."""
    designs = [cell for cell in cells if cell.group == "designs"]
    bound = [cell for cell in cells if cell.group == "bound"]
    found = [
        _table("Attacks on tokens", designs, by_design=True),
        _table("With tokens bound to a key of the client: what changes", _changed(designs, bound), by_design=True),
        _table("Other parts of the catalogue", [c for c in cells if c.group == "catalogue"], by_design=True),
        _table("Attacks on flows", [c for c in cells if c.group == "flows"], by_design=False),
    ]
    return tuple(table for table in found if table.rows)


def _table(title: str, cells: Sequence[Cell], *, by_design: bool) -> AttackTable:
    rows: dict[str, dict[str, list[Cell]]] = {}
    for cell in cells:
        column = cell.ground.design.name if by_design else cell.setting
        rows.setdefault(cell.encounter.attack, {}).setdefault(column, []).append(cell)
    columns = dict.fromkeys(column for row in rows.values() for column in row)
    return AttackTable(title, tuple(columns), rows)


def _changed(designs: Sequence[Cell], bound: Sequence[Cell]) -> list[Cell]:
    """Those with another word than the design of which they are a variant."""
    words = {(c.ground.design.name, c.encounter.attack): c.encounter.outcome for c in designs}
    changed = {
        cell.encounter.attack
        for cell in bound
        if words.get((cell.ground.design.name.partition("+")[0], cell.encounter.attack)) != cell.encounter.outcome
    }
    return [cell for cell in bound if cell.encounter.attack in changed]


def cell_text(cells: Sequence[Cell]) -> str:
    """The cells of one place: a range where only times differ, and a slash between what is not the same for all."""
    met = [cell.encounter for cell in cells]
    if len({how_long(cell) for cell in cells}) > 1 and all(one.requests > 1 and not one.lasted for one in met):
        return f"accepted {min(one.seconds for one in met):.0f} to {max(one.seconds for one in met):.0f} s"
    return " / ".join(dict.fromkeys(_text(cell) for cell in cells))


def _text(cell: Cell) -> str:
    encounter = cell.encounter
    if encounter.outcome == "inapplicable":
        return NOTHING
    if encounter.outcome == "accepted":
        often = "" if encounter.requests == 1 else f", {encounter.requests} x"
        return f"accepted {how_long(cell)}{often}"
    checks = (check.rpartition(": ")[2] for check in encounter.check.split("; "))
    return ", ".join(dict.fromkeys(checks))
