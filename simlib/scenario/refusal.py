"""Words for bad input: the first thing that is wrong, its key, and what is allowed, in one line."""

import types
import typing
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

Location = tuple[int | str, ...]

_TAGS = ("constant", "uniform", "exponential", "lognormal", "quantiles", "poisson", "replay")


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
    key = ".".join(str(part) for part in location if part not in _TAGS)
    if first["type"] == "extra_forbidden":
        message = unknown("key", str(location[-1]), _fields(model, location[:-1]))
    else:
        message = _message(first)
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{prefix}{key}: {message}{more}"


def _message(mistake: Mapping[str, Any]) -> str:
    if mistake["type"] == "missing":
        return "is missing"
    text = str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    given = mistake.get("input")
    shown = (
        f", not {given!r}" if isinstance(given, str | int | float | bool) and mistake["type"] != "value_error" else ""
    )
    return text[0].lower() + text[1:] + shown


def _fields(model: type[BaseModel], location: Location) -> list[str]:
    """The keys that are allowed at a place of a model."""
    here: list[type[BaseModel]] = [model]
    for part in location:
        inner = [m.model_fields[str(part)].annotation for m in here if str(part) in m.model_fields]
        here = [m for annotation in inner for m in _models(annotation)] if inner else _tagged(here, str(part))
    return list(dict.fromkeys(name for m in here for name in m.model_fields))


def _tagged(models: list[type[BaseModel]], tag: str) -> list[type[BaseModel]]:
    """Of several variants the one whose ``kind`` is the tag."""
    return [m for m in models if "kind" in m.model_fields and m.model_fields["kind"].default == tag] or models


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated, dict, tuple, list):
        return [m for part in typing.get_args(annotation) for m in _models(part)]
    return []
