"""The one exception that a user's input may raise.

Words for bad input: the first thing that is wrong, its key, and what is allowed, in one line.
"""

import types
import typing
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from simlib.scenario.economics import VARIANTS


class InputError(ValueError):
    """Something a user gave is unusable; the message is one line: file, key or row, and what is allowed.

    What cannot be printed, line breaks included, is shown escaped: names in messages come from files.
    """

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


Location = tuple[int | str, ...]


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """That a name is not known, which one was probably meant, and which there are."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown {kind} {name!r}{hint}; allowed: {', '.join(names)}"


def in_one_line(error: ValidationError, model: type[BaseModel], prefix: str = "") -> str:
    """The first mistake of a pydantic validation as ``key: what is wrong``, and how many more there are."""
    mistakes = error.errors(include_url=False)
    # A misspelt key explains a missing one, so it is told first.
    first = next((m for m in mistakes if m["type"] == "extra_forbidden"), mistakes[0])
    location: Location = first["loc"]
    key = ".".join(_walk(model, location)[0])
    if first["type"] == "extra_forbidden":
        allowed = [name for m in _walk(model, location[:-1])[1] for name in m.model_fields]
        message = unknown("key", str(location[-1]), allowed)
    else:
        message = _message(first)
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{prefix}{key}: {message}{more}"


def _message(mistake: Mapping[str, Any]) -> str:
    if mistake["type"] == "missing":
        return "is missing"
    if mistake["type"] in ("model_type", "dict_type"):
        return "must be a table"
    if mistake["type"] == "union_tag_not_found":
        return f"{mistake['ctx']['discriminator']} is missing".replace("'", "")
    if mistake["type"] == "union_tag_invalid":
        tags = [tag.strip("'") for tag in mistake["ctx"]["expected_tags"].split(", ")]
        return unknown(mistake["ctx"]["discriminator"].strip("'"), mistake["ctx"]["tag"], tags)
    text = str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    given = mistake.get("input")
    shown = (
        f", not {given!r}" if isinstance(given, str | int | float | bool) and mistake["type"] != "value_error" else ""
    )
    return text[0].lower() + text[1:] + shown


def _walk(model: type[BaseModel], location: Location) -> tuple[list[str], list[type[BaseModel]]]:
    """The parts of a location that a person wrote, without pydantic's names of variants, and the models at its end."""
    shown: list[str] = []
    here: Any = model
    for part in location:
        models = _models(here)
        if typing.get_origin(here) is dict:  # its keys are free, so one may be named like a field or a variant
            here = typing.get_args(here)[1]
        elif len(models) > 1:
            here = next((m for m in models if m.model_fields["kind"].default == part), None)
            continue
        elif part in VARIANTS and not (models and part in models[0].model_fields):
            continue  # the annotation is still that of the amount
        else:
            known = models[0].model_fields if models else {}
            here = known[str(part)].annotation if str(part) in known else None
        shown.append(str(part))
    return shown, _models(here)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated, dict, tuple, list):
        return [m for part in typing.get_args(annotation) for m in _models(part)]
    return []
