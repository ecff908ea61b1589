"""Cases of the contract tests: every validator with every issuer that it fits, bare and with each wrapper.

Derived from the mappings alone, so a part is tested as soon as it is listed.
"""

from collections import Counter
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from simlib.contracts.cases import (
    Case,
    VariedCase,
    can_wrap,
    has_bound,
    has_what_it_needs,
    list_issuers,
    use_defaults,
    vary_settings,
)
from simlib.contracts.configuration import build_config
from simlib.strategies import GATEWAY_VALIDATORS, VALIDATORS, WRAPPERS
from simlib.tokens import JWT
from support.pairs import name_of, settings_of

EVERY_VALIDATOR = (*VALIDATORS.values(), *GATEWAY_VALIDATORS.values())
BARE = [
    case
    for validator in EVERY_VALIDATOR
    for case in (Case(validator, issuer) for issuer in list_issuers(validator))
    if has_what_it_needs(use_defaults(case))
]
"""Without wrappers."""

FIRST = list({case.validator: case for case in reversed(BARE)}.values())[::-1]
"""Each validator with the first issuer that it fits."""

WRAPPED_IN_ALL = [
    wrapped
    for wrapper in WRAPPERS.values()
    for case in FIRST
    for wrapped in [case._replace(wrappers=(wrapper,))]
    if can_wrap(wrapper, case) and has_what_it_needs(use_defaults(wrapped))
]
"""Each validator with one wrapper at a time."""


def _sort(case: Case) -> tuple[Any, ...]:
    """What makes a difference to a wrapper: to one of calls, whether there are calls about tokens."""
    (wrapper,) = case.wrappers
    if not wrapper.everywhere:
        return (wrapper, case.validator)
    validator = case.validator(case.validator.Settings(), build_config())
    return (wrapper, validator.asks_authorization_server)


WRAPPED = list({_sort(case): case for case in reversed(WRAPPED_IN_ALL)}.values())[::-1]
"""The same, but of wrappers of calls one case with calls about tokens and one without."""

REST = [case for case in WRAPPED_IN_ALL if case not in WRAPPED]
"""The cases that most contract tests leave out because they differ in nothing that these look at."""


def _kind_of(case: Case) -> tuple[Any, ...]:
    """Wrappers of calls are the same for every format."""
    return (case.wrappers, "" if case.wrappers[0].everywhere else str(case.issuer.token_format))


VARIED_CASES = FIRST + list({_kind_of(case): case for case in reversed(WRAPPED)}.values())
"""Those whose settings are varied: each validator once, each wrapper once per format that makes a difference to it."""

CASES = BARE + WRAPPED
EVERY_PART = BARE + [case for case in WRAPPED if case in VARIED_CASES]
"""Each validator with each issuer, each wrapper once per format that makes a difference to it: for random tokens and
schedules, and for every byte of a token. What a wrapper does there does not depend on the validator within it."""
JWT_CASES = [case for case in CASES if case.issuer.token_format == JWT]


def varied_one_by_one(case: Case) -> list[VariedCase]:
    """A case with one setting changed at a time, the defaults first: its wrapper's, or without one its validator's."""
    default = case.validator.Settings()
    if case not in VARIED_CASES:
        varied_cases = [use_defaults(case)]
    elif case.wrappers:
        varied_cases = [VariedCase(case, default, (chosen,)) for chosen in vary_settings(case.wrappers[0])]
    else:
        varied_cases = [VariedCase(case, chosen) for chosen in vary_settings(case.validator, _varied_elsewhere(case))]
    return _thin_numbers([each for each in varied_cases if has_what_it_needs(each) and has_bound(each)])


def _thin_numbers(varied_cases: list[VariedCase]) -> list[VariedCase]:
    """Keep of each number the smallest, the median and the largest value beside the default."""
    numbers: dict[str, list[float]] = {}
    for varied in varied_cases:
        for name, value in varied.list_changes().items():
            if isinstance(value, float):
                numbers.setdefault(name, []).append(value)
    kept = {name: {min(values), max(values), sorted(values)[len(values) // 2]} for name, values in numbers.items()}
    return [
        varied
        for varied in varied_cases
        if all(value in kept.get(name, {value}) for name, value in varied.list_changes().items())
    ]


def _varied_elsewhere(case: Case) -> frozenset[str]:
    """Settings from a class of settings that several parts share, where another part comes first that has them."""
    earlier = FIRST[: FIRST.index(case)] if case in FIRST else []
    shared = {base for kind in case.validator.Settings.__mro__[1:] if is_dataclass(base := kind)} - OWN_SETTINGS
    known = {base for base in shared for other in earlier if issubclass(other.validator.Settings, base)}
    return frozenset(each.name for base in known for each in fields(base))


OWN_SETTINGS = {kind.Settings for kind in EVERY_VALIDATOR}
"""Classes of settings of one part each, whatever inherits from them."""

VARIED = [varied for case in CASES for varied in varied_one_by_one(case)]
SHORT_S, LONG_S = 5.0, 300.0
MOST_RENEWALS = 1000


def with_lifetimes() -> list[tuple[VariedCase, float]]:
    """Every case with tokens that live short and long; of a setting the values in turn, a time of many lives long."""
    rows: list[tuple[VariedCase, float]] = []
    for case in CASES:
        turns: Counter[str] = Counter()
        for varied in varied_one_by_one(case):
            changes = varied.list_changes()
            if not changes:
                rows += [(varied, SHORT_S), (varied, LONG_S)]
                continue
            ((name, value),) = list(changes.items())[:1]
            is_long = turns[name] % 2 or (isinstance(value, float) and value > MOST_RENEWALS * SHORT_S)
            rows.append((varied, LONG_S if is_long else SHORT_S))
            turns[name] += 1
    return rows


@cache
def any_settings(case: Case) -> st.SearchStrategy[VariedCase]:
    """A case under any settings that its parts accept."""
    inner = settings_of(case.validator)
    around = st.tuples(*(settings_of(wrapper) for wrapper in case.wrappers))
    built = st.builds(VariedCase, st.just(case), inner, around, st.none())
    return built.filter(lambda varied: has_what_it_needs(varied) and has_bound(varied))


BOUNDLESS = [
    varied
    for case in WRAPPED
    for chosen in vary_settings(case.wrappers[0])
    for varied in [VariedCase(case, case.validator.Settings(), (chosen,))]
    if has_what_it_needs(varied) and not has_bound(varied)
]
"""Wrappers under settings that declare no bound for tokens that have ended."""

__all__ = [
    "BARE",
    "BOUNDLESS",
    "CASES",
    "EVERY_PART",
    "JWT_CASES",
    "REST",
    "VARIED",
    "WRAPPED",
    "WRAPPED_IN_ALL",
    "Case",
    "VariedCase",
    "any_settings",
    "name_of",
    "use_defaults",
    "with_lifetimes",
]
