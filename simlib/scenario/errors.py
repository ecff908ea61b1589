"""Errors of input: the exception that unusable input raises, and its one-line messages with key and allowed values.

Packages that only some functions need are looked for here, so that every message names the extra that installs them.
"""

import sys
import types
import typing
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel, ValidationError

from simlib.scenario.economics import VARIANTS

_LONGEST = 3000
"""Most characters of a message."""


class InputError(ValueError):
    """Unusable input; the message is one line: file, key or row, and what is allowed.

    Unprintable characters, line breaks included, are escaped, and a very long message is cut in its middle: names and
    values in messages come from files.
    """

    def __init__(self, message: str) -> None:
        if len(message) > _LONGEST:
            message = f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 2 :]}"
        if not message.isprintable():
            message = "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)
        super().__init__(message)


_found: set[tuple[object, str]] = set()
"""Packages that were found, with the search that found them: a search reads folders, and each part needs one."""


def is_installed(package: str) -> bool:
    """True if a package that only some functions need is installed; it is looked for until it is found."""
    if package in sys.modules:
        return sys.modules[package] is not None  # None: an import of it fails
    search = (find_spec, package)
    if search not in _found and find_spec(package) is not None:
        _found.add(search)
    return search in _found


def describe_missing_packages(needer: str, packages: Iterable[str], extra: str) -> str:
    """Describe the packages that are not installed, and the extra of simlib with them; empty when there are all."""
    missing = [package for package in packages if not is_installed(package)]
    if not missing:
        return ""
    which = (
        f"the package {missing[0]}, which is" if len(missing) == 1 else f"the packages {', '.join(missing)}, which are"
    )
    return f"{needer} needs {which} not installed: pip install 'simlib[{extra}]'"


def require_packages(needer: str, packages: Iterable[str], extra: str) -> None:
    """Raise InputError when a package is not installed; ``needer`` is what the user wants of it."""
    sentence = describe_missing_packages(needer, packages, extra)
    if sentence:
        raise InputError(sentence)


Location = tuple[int | str, ...]


def describe_unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Describe an unknown name, with the closest allowed one and all allowed ones."""
    names = list(allowed)
    close = get_close_matches(name, names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown {kind} {name!r}{hint}; allowed: {', '.join(names)}"


def describe_first_mistake(error: ValidationError, model: type[BaseModel], prefix: str = "") -> str:
    """Describe the first mistake of a pydantic validation as ``key: mistake``, and the number of further ones."""
    mistakes = error.errors(include_url=False)
    # A misspelt key explains a missing one, so it is reported first.
    first = next((m for m in mistakes if m["type"] == "extra_forbidden"), mistakes[0])
    location: Location = first["loc"]
    key = ".".join(_follow_location(model, location)[0])
    if first["type"] == "extra_forbidden":
        allowed = [name for m in _follow_location(model, location[:-1])[1] for name in m.model_fields]
        message = describe_unknown("key", str(location[-1]), allowed)
    else:
        message = _describe_mistake(first)
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return f"{prefix}{key}: {message}{more}"


def _describe_mistake(mistake: Mapping[str, Any]) -> str:
    if mistake["type"] == "missing":
        return "is missing"
    if mistake["type"] in ("model_type", "dict_type"):
        return "must be a table"
    if mistake["type"] == "union_tag_not_found":
        return f"{mistake['ctx']['discriminator']} is missing".replace("'", "")
    if mistake["type"] == "union_tag_invalid":
        tags = [tag.strip("'") for tag in mistake["ctx"]["expected_tags"].split(", ")]
        return describe_unknown(mistake["ctx"]["discriminator"].strip("'"), mistake["ctx"]["tag"], tags)
    text = str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    value = mistake.get("input")
    suffix = (
        f", not {value!r}" if isinstance(value, str | int | float | bool) and mistake["type"] != "value_error" else ""
    )
    return text[0].lower() + text[1:] + suffix


def _follow_location(model: type[BaseModel], location: Location) -> tuple[list[str], list[type[BaseModel]]]:
    """Follow a location: its keys in the file, without pydantic's names of variants, and the models at its end."""
    keys: list[str] = []
    annotation: Any = model
    for part in location:
        models = _list_models(annotation)
        if typing.get_origin(annotation) is dict:  # its keys are free, so one may be named like a field or a variant
            annotation = typing.get_args(annotation)[1]
        elif len(models) > 1:
            annotation = next((m for m in models if m.model_fields["kind"].default == part), None)
            continue
        elif part in VARIANTS and not (models and part in models[0].model_fields):
            continue  # the annotation remains that of the amount
        else:
            fields = models[0].model_fields if models else {}
            annotation = fields[str(part)].annotation if str(part) in fields else None
        keys.append(str(part))
    return keys, _list_models(annotation)


def _list_models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated, dict, tuple, list):
        return [m for part in typing.get_args(annotation) for m in _list_models(part)]
    return []


def format_count(number: float) -> str:
    """Write a large number in full, or in powers of ten where it has more than 15 digits: a message is one line."""
    return f"{number:,.0f}" if number < 1e15 else f"{number:.3g}"
