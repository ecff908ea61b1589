"""Keys of a scenario's settings, dotted as in its file, and bare names of settings that several designs have.

``designs.jwt.wrappers.0.poll_s`` reaches the first wrapper of a design; ``algorithm`` stands for every setting of that
name in every design.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from simlib.deployment.parts import PARTS
from simlib.scenario.errors import InputError

_NO_SETTINGS = ("part", "title")
"""Names that every part or design has: one value for all of them would mean nothing."""
_NEAR = 3


def list_keys(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Dotted keys that a key stands for: itself, or those of the settings of all designs with that bare name.

    Raises InputError for a bare name that no design has, with near names.
    """
    if "." in key or (key in document and not isinstance(document[key], Mapping)):
        return (key,)
    settings = dict(_list_settings(document))
    keys = tuple(path for path, name in settings.items() if name == key)
    if not keys:
        raise InputError(f"{key}: no design has such a setting{describe_near(key, settings.values())}")
    return keys


def set_keys(document: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Set keys of a document, bare names included, in their order. Raises InputError for a key that there is not."""
    for key, value in values.items():
        is_table = isinstance(value, Mapping)  # such as all designs, in place of those of the scenario
        for path in (key,) if is_table else list_keys(document, key):
            _set_key(document, path, value)


def find_value(document: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key; None where there is none."""
    found: Any = document
    for name in key.split("."):
        found = _find_item(found, name) if isinstance(found, Mapping | list) else None
    return found


def describe_near(name: str, allowed: Iterable[str]) -> str:
    """The closest of allowed names, as the end of a message; empty where none is close."""
    near = get_close_matches(name, sorted(set(allowed)), n=_NEAR)
    return f" (did you mean {' or '.join(repr(each) for each in near)}?)" if near else ""


def _list_settings(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Dotted key and bare name of every setting of every design."""
    for path, value in _flatten(document.get("designs", {}), "designs"):
        name = path.rpartition(".")[2]
        if name not in _NO_SETTINGS and not isinstance(value, Mapping | list) and not name.isdecimal():
            yield path, name


def _flatten(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from _flatten(inner, f"{path}.{name}")


def _set_key(document: dict[str, Any], key: str, value: Any) -> None:
    """Set one key, items of lists by their number; all tables above it must exist already."""
    *path, last = key.split(".")
    table: Any = document
    for depth, name in enumerate(path):
        above, table = table, _find_item(table, name)
        if not isinstance(table, dict | list):
            near = describe_near(name, [each for each, inner in _list_items(above) if isinstance(inner, dict | list)])
            raise InputError(f"{key}: the scenario has no table {'.'.join(path[: depth + 1])!r}{near}")
    if isinstance(table, list):
        raise InputError(f"{key}: ends in an item of a list; name a key of it")
    if last == "part":
        _drop_settings_of_another_part(table, path, value)
    table[last] = _convert_value(value)


def _drop_settings_of_another_part(table: dict[str, Any], path: list[str], name: Any) -> None:
    """Drop what the part of this name has no setting for; the rest stays, so that designs differ in the part alone."""
    place = "wrappers" if path[-1].isdecimal() else path[-1]
    kind = PARTS.get(place, {}).get(name) if isinstance(name, str) else None
    if kind is not None:
        allowed = {field.name for field in fields(kind.Settings)}
        for setting in [setting for setting in table if setting not in allowed]:
            del table[setting]


def _list_items(table: Any) -> list[tuple[str, Any]]:
    return [(str(name), inner) for name, inner in (table.items() if isinstance(table, dict) else enumerate(table))]


def _find_item(table: Any, name: str) -> Any:
    """Item of a table or a list; None where there is none."""
    if isinstance(table, list):
        return table[int(name)] if name.isdecimal() and int(name) < len(table) else None
    return table.get(name)


def _convert_value(value: Any) -> Any:
    """Python's number for one of numpy, for a document holds JSON types."""
    return value.item() if hasattr(value, "item") else deepcopy(value)
