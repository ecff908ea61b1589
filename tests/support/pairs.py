"""Every validator of the mapping with every issuer whose tokens it takes, and settings for any part.

Nothing here names a strategy: a new one is tested as soon as it is in the mapping.
"""

from dataclasses import Field, fields
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from simlib.strategies import VALIDATORS
from support.scenarios import issuers_for

PAIRS = [(validator, issuer) for validator in VALIDATORS.values() for issuer in issuers_for(validator)]

FACTORS = (0.02, 0.2, 1.0, 6.0)
SMALL = (0.0, 1.0, 7.0)


def name_of(value: Any) -> str:
    """How pytest calls a part, a pair of parts, a case or settings."""
    name = getattr(value, "name", None)
    if name is None and isinstance(value, tuple):
        return "-".join(word for word in map(name_of, value) if word)
    return str(value if name is None else name)


def values_of(field: Field[Any], hint: Any) -> list[Any]:
    """Values that a setting might have, its default first: each word of a choice, numbers from small to large."""
    default = field.default
    if isinstance(default, bool):
        return [default, not default]
    if isinstance(default, int):
        return [default, 1, 2]
    if isinstance(default, float):
        return [default, *SMALL, *(default * factor for factor in FACTORS)]
    if get_origin(hint) is Literal:
        return [default, *(word for word in get_args(hint) if word != default)]
    if default is None and {float, NoneType} <= set(get_args(hint)):
        return [default, *SMALL, 40.0]
    return [default]


def accepted(kind: type[Any], **chosen: Any) -> Any:
    """The settings of a part, or None when it refuses these values."""
    try:
        return kind.Settings(**chosen)
    except ValueError:
        return None


@cache
def settings_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any settings that a part accepts."""
    each = {name: st.sampled_from(values) for name, values in _allowed(kind).items()}
    return (
        st.fixed_dictionaries(each).map(lambda chosen: accepted(kind, **chosen)).filter(lambda found: found is not None)
    )


def one_by_one(kind: type[Any], without: frozenset[str] = frozenset()) -> list[Any]:
    """The settings of a part with one of them changed at a time but those ``without``, the defaults first."""
    found = [kind.Settings()]
    for name, values in _allowed(kind).items():
        if name in without:
            continue
        found += [accepted(kind, **{name: value}) for value in values[1:]]
    return list(dict.fromkeys(found))


@cache
def _allowed(kind: type[Any]) -> dict[str, list[Any]]:
    hints = get_type_hints(kind.Settings)
    return {
        field.name: [
            value for value in values_of(field, hints[field.name]) if accepted(kind, **{field.name: value}) is not None
        ]
        for field in fields(kind.Settings)
    }
