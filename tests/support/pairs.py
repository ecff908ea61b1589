"""Every validator of the mapping with every issuer whose tokens it takes, and settings for any of them.

Nothing here names a strategy: a new one is tested as soon as it is in the mapping.
"""

from dataclasses import Field, fields
from typing import Any

from hypothesis import strategies as st

from simlib.strategies import VALIDATORS
from support.scenarios import issuers_for

PAIRS = [(validator, issuer) for validator in VALIDATORS.values() for issuer in issuers_for(validator)]
JWT_PAIRS = [pair for pair in PAIRS if pair[1].token_format == "jwt"]
OPAQUE_PAIRS = [pair for pair in PAIRS if pair[1].token_format == "opaque"]

FACTORS = (0.02, 0.2, 1.0, 6.0)
SMALL = (0.0, 1.0, 7.0)


def name_of(value: Any) -> str:
    """How pytest calls a part, a pair of parts or settings."""
    if isinstance(value, tuple):
        return "-".join(map(name_of, value))
    return str(getattr(value, "name", value))


def values_of(field: Field[Any]) -> list[Any]:
    """Values that a setting might have, its default first: both words of a switch, numbers from small to large."""
    default = field.default
    if isinstance(default, bool):
        return [default, not default]
    if isinstance(default, int):
        return [default, 1, 2]
    if isinstance(default, float):
        return [default, *SMALL, *(default * factor for factor in FACTORS)]
    return [default]


def accepted(kind: type[Any], **chosen: Any) -> Any:
    """The settings of a part, or None when it refuses these values."""
    try:
        return kind.Settings(**chosen)
    except ValueError:
        return None


def settings_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any settings that a part accepts."""
    each = {field.name: st.sampled_from(_allowed(kind, field)) for field in fields(kind.Settings)}
    return (
        st.fixed_dictionaries(each).map(lambda chosen: accepted(kind, **chosen)).filter(lambda found: found is not None)
    )


def one_by_one(kind: type[Any]) -> list[Any]:
    """The settings of a part with one of them changed at a time, the defaults first."""
    found = [kind.Settings()]
    for field in fields(kind.Settings):
        found += [accepted(kind, **{field.name: value}) for value in _allowed(kind, field)[1:]]
    return list(dict.fromkeys(found))


def _allowed(kind: type[Any], field: Field[Any]) -> list[Any]:
    return [value for value in values_of(field) if accepted(kind, **{field.name: value}) is not None]
