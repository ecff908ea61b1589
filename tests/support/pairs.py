"""Every validator of the mapping with every issuer whose tokens it takes, and settings for any part.

Nothing here names a strategy: a new one is tested as soon as it is in the mapping.
"""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from simlib.contracts.cases import build_settings, list_allowed_values, list_issuers
from simlib.strategies import VALIDATORS

PAIRS = [(validator, issuer) for validator in VALIDATORS.values() for issuer in list_issuers(validator)]

REGIONS = {"names": ["eu", "us"], "shares": [0.5, 0.5], "round_trips": {"eu-us": {"kind": "constant", "value_s": 0.08}}}


def list_needed_regions(issuer: type[Any]) -> dict[str, Any]:
    """The table ``regions`` of a world for an issuer whose tokens name a region; nothing for any other."""
    return {"regions": REGIONS} if getattr(issuer, "regional", False) else {}


def name_of(value: Any) -> str:
    """The name that pytest gives to a part, a pair of parts, a case, settings or a check."""
    name = getattr(value, "name", None) or getattr(value, "__name__", None)
    if name is None and isinstance(value, tuple):
        return "-".join(word for word in map(name_of, value) if word)
    return str(value if name is None else name)


@cache
def settings_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any settings that a part accepts."""
    each = {name: st.sampled_from(values) for name, values in list_allowed_values(kind).items()}
    return (
        st.fixed_dictionaries(each)
        .map(lambda chosen: build_settings(kind, **chosen))
        .filter(lambda built: built is not None)
    )
