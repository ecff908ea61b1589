"""What the contract tests run over: every validator with every issuer that it fits, bare and with each wrapper.

Derived from the mappings alone, so a part is tested as soon as it is listed.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite
from typing import Any, NamedTuple

from hypothesis import strategies as st

from simlib.strategies import GATEWAY_VALIDATORS, VALIDATORS, WRAPPERS
from support.pairs import accepted, name_of, one_by_one, settings_of
from support.scenarios import issuers_for, needs_of
from support.stage import deployment

Kind = type[Any]


class Case(NamedTuple):
    """A validator, an issuer and what is put around them; given to a stage as ``Stage(*case)``."""

    validator: Kind
    issuer: Kind
    wrappers: tuple[Kind, ...] = ()


class Varied(NamedTuple):
    """A case under settings."""

    case: Case
    settings: Any
    wrapper_settings: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The case and what is not as usual in it."""
        return name_of((*self.case, *(f"{name}={value}" for name, value in self.changed().items())))

    def changed(self) -> dict[str, Any]:
        """The settings that are not as usual."""
        return {
            name: getattr(chosen, name)
            for chosen in (self.settings, *self.wrapper_settings)
            for name, usual in _defaults(type(chosen)).items()
            if getattr(chosen, name) != usual
        }

    def stage(self, make: Callable[..., Any], **more: Any) -> Any:
        """The stage of it, made by a stage's class or by the fixture."""
        return make(
            *self.case,
            settings=self.settings,
            issuer_settings=agreeing(self.case.issuer, self.settings),
            wrapper_settings=self.wrapper_settings,
            **more,
        )


@cache
def _defaults(kind: type[Any]) -> dict[str, Any]:
    """What each setting of a class of settings is when nothing is said."""
    usual = kind()
    return {each.name: getattr(usual, each.name) for each in fields(kind)}


def agreeing(issuer: Kind, settings: Any) -> Any:
    """The issuer's settings, with those that have the same name as one of the validator's set to the same."""
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    own = {field.name for field in fields(issuer.Settings)}
    return accepted(issuer, **{name: value for name, value in given.items() if name in own}) or issuer.Settings()


def takes(wrapper: Kind, validator: Kind, issuer: Kind) -> bool:
    """Whether a wrapper can be put around the two: it is for this format, and it belongs where this validator is."""
    anywhere = wrapper.at_edge or wrapper.everywhere or validator not in AT_GATEWAY
    return issuer.token_format in wrapper.formats and anywhere


def fitting(case: Case, settings: Any, wrapper_settings: Iterable[Any]) -> bool:
    """Whether the parts still have what they need under these settings."""
    parts = [(case.validator, settings), *zip(case.wrappers, wrapper_settings, strict=True)]
    return all(met(need, case) for kind, chosen in parts for need in needs_of(kind, chosen))


def met(need: str, case: Case) -> bool:
    """Whether a stage of this case has what a part says it needs; it has a shared store and identity tokens."""
    word, _, name = need.partition(":")
    if word == "issuer":
        return bool(case.issuer.name == name)
    if word == "gateway":
        return case.validator in AT_GATEWAY and name in ("", case.validator.name)
    return word != "signing" or hasattr(case.issuer, "sign")


AT_GATEWAY = tuple(GATEWAY_VALIDATORS.values())
BARE = [
    Case(validator, issuer)
    for validator in (*VALIDATORS.values(), *AT_GATEWAY)
    for issuer in issuers_for(validator)
    if fitting(Case(validator, issuer), validator.Settings(), ())
]
"""Without wrappers."""

FIRST = list({case.validator: case for case in reversed(BARE)}.values())[::-1]
"""Each validator with the first issuer that it fits."""

WRAPPED_IN_ALL = [
    wrapped
    for wrapper in WRAPPERS.values()
    for case in FIRST
    for wrapped in [case._replace(wrappers=(wrapper,))]
    if takes(wrapper, case.validator, case.issuer)
    and fitting(wrapped, case.validator.Settings(), (wrapper.Settings(),))
]
"""Each validator with one wrapper at a time."""


def _sort(case: Case) -> tuple[Any, ...]:
    """What makes a difference to a wrapper: to one that looks at calls, whether they are about tokens."""
    (wrapper,) = case.wrappers
    if not wrapper.everywhere:
        return (wrapper, case.validator)
    made = case.validator(case.validator.Settings(), deployment())
    return (wrapper, made.asks_authorization_server)


WRAPPED = list({_sort(case): case for case in reversed(WRAPPED_IN_ALL)}.values())[::-1]
"""The same, but of those that look at calls instead of tokens one that asks about tokens and one that does not."""


def _kind_of(case: Case) -> tuple[Any, ...]:
    """Wrappers that look at calls instead of tokens are the same for every format."""
    return (case.wrappers, "" if case.wrappers[0].everywhere else case.issuer.token_format)


VARIED_CASES = FIRST + list({_kind_of(case): case for case in reversed(WRAPPED)}.values())
"""Those whose settings are varied: each validator once, each wrapper once per format that makes a difference to it."""

CASES = BARE + WRAPPED
EVERY_PART = BARE + [case for case in WRAPPED if case in VARIED_CASES]
"""Each validator with each issuer, each wrapper once per format that makes a difference to it: for random tokens and
schedules, and for every byte of a token. What a wrapper does there does not depend on the validator within it."""
JWT_CASES = [case for case in CASES if case.issuer.token_format == "jwt"]


def varied_one_by_one(case: Case) -> list[Varied]:
    """A case with one setting changed at a time, the defaults first: its wrapper's, or without one its validator's."""
    default = case.validator.Settings()
    if case not in VARIED_CASES:
        found = [Varied(case, default, tuple(wrapper.Settings() for wrapper in case.wrappers))]
    elif case.wrappers:
        found = [Varied(case, default, (chosen,)) for chosen in one_by_one(case.wrappers[0])]
    else:
        found = [Varied(case, chosen) for chosen in one_by_one(case.validator, _varied_elsewhere(case))]
    return [one for one in found if fitting(*one) and promises(one)]


def _varied_elsewhere(case: Case) -> frozenset[str]:
    """Settings from a class of settings that several parts share, where another part comes first that has them."""
    earlier = FIRST[: FIRST.index(case)] if case in FIRST else []
    shared = {base for kind in case.validator.Settings.__mro__[1:] if is_dataclass(base := kind)} - OWN_SETTINGS
    known = {base for base in shared for other in earlier if issubclass(other.validator.Settings, base)}
    return frozenset(each.name for base in known for each in fields(base))


OWN_SETTINGS = {kind.Settings for kind in (*VALIDATORS.values(), *GATEWAY_VALIDATORS.values())}
"""Classes of settings of one part each, whatever inherits from them."""


@cache
def promises(one: Varied) -> bool:
    """Whether a bound is promised at all; where none is, only `BOUNDLESS` says what must hold."""
    told = deployment()
    validator = one.case.validator(one.settings, told)
    for kind, chosen in zip(one.case.wrappers, one.wrapper_settings, strict=True):
        validator = kind(chosen, told).around_validator(validator)
    return isfinite(validator.bound().after_revocation_s)


@cache
def varied(case: Case) -> st.SearchStrategy[Varied]:
    """A case under any settings that its parts accept."""
    inner = settings_of(case.validator)
    around = st.tuples(*(settings_of(wrapper) for wrapper in case.wrappers))
    return st.builds(Varied, st.just(case), inner, around).filter(lambda one: fitting(*one) and promises(one))


BOUNDLESS = [
    one
    for case in WRAPPED
    for chosen in one_by_one(case.wrappers[0])
    for one in [Varied(case, case.validator.Settings(), (chosen,))]
    if fitting(*one) and not promises(one)
]
"""Wrappers under settings that promise nothing about tokens that have ended."""

__all__ = [
    "BARE",
    "BOUNDLESS",
    "CASES",
    "EVERY_PART",
    "JWT_CASES",
    "WRAPPED",
    "Case",
    "Varied",
    "name_of",
    "varied",
    "varied_one_by_one",
]
