"""One attack told step by step: what the attacker had, what was sent, what was answered."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import cell_words
from simlib.engine.arena.field import Message
from simlib.experiment.attack_matrix import Cell
from simlib.scenario.effects import Failed
from simlib.scenario.messages import HttpRequest
from simlib.tokens import header_of, payload_of

SHORT = 28
"""Characters that are shown of what is long."""
MOST = 14
"""Messages that are shown of one encounter; after that they only repeat."""
SECRET = ("password", "code_verifier", "client_secret")


def attack_lines(name: str) -> tuple[str, ...]:
    """What the attack is and where it is described."""
    kind = ATTACKS[name]
    return f"{name}: {kind.summary}", f"Source: {kind.source}"


def encounter_lines(cell: Cell) -> Iterator[str]:
    """How it ended, then the steps."""
    encounter = cell.encounter
    yield cell_words(cell)
    for had in encounter.obtained:
        yield f"  had: {had}"
    for message in encounter.messages[:MOST]:
        yield from _message(message)
    if len(encounter.messages) > MOST:
        yield f"  ... {len(encounter.messages) - MOST} more messages, a try every {encounter.every_s:g} s"
    for label, check in dict.fromkeys((one.label, one.check) for one in encounter.tries):
        yield f"  tried: {label}: {check or 'accepted'}"


def _message(message: Message) -> Iterator[str]:
    yield f"  {message.instant:8.2f} s -> {message.target}: {'; '.join(_sent(message.request)) or 'nothing'}"
    yield f"             <- {_answered(message.answer)}"


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
                "target": message.target,
                "sent": list(_sent(message.request)),
                "answered": _answered(message.answer),
            }
            for message in encounter.messages
        ],
        "tries": [one._asdict() for one in encounter.tries],
    }
