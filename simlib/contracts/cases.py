"""Cases of a contract: a validator, an issuer and the wrappers around them, which of them fit, and their settings.

Each setting is changed by itself, to values that its type suggests.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, fields
from math import isfinite
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from simlib.contracts.configuration import build_config
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.strategies import GATEWAY_VALIDATORS, ISSUERS, VALIDATORS
from simlib.strategies.base import describe_missing_package

FACTORS = (0.02, 0.2, 1.0, 6.0)
SMALL = (0.0, 1.0, 7.0)


def list_values(field: Field[Any], hint: Any) -> list[Any]:
    """List values that a setting may have, its default first: the words of a choice, numbers from small to large."""
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


def build_settings(kind: type[Any], **values: Any) -> Any:
    """Build the settings of a part; None when it refuses these values."""
    try:
        return kind.Settings(**values)
    except ValueError:
        return None


def list_allowed_values(kind: type[Any]) -> dict[str, list[Any]]:
    """List the values of each setting that a part accepts beside the defaults of the others."""
    hints = get_type_hints(kind.Settings)
    return {
        field.name: [
            value
            for value in list_values(field, hints[field.name])
            if build_settings(kind, **{field.name: value}) is not None
        ]
        for field in fields(kind.Settings)
    }


def vary_settings(kind: type[Any], without: frozenset[str] = frozenset()) -> list[Any]:
    """List the settings of a part with one changed at a time, the defaults first; ``without`` stay unchanged."""
    varied = [kind.Settings()]
    for name, values in list_allowed_values(kind).items():
        if name not in without:
            varied += [build_settings(kind, **{name: value}) for value in values[1:]]
    return list(dict.fromkeys(varied))


def match_settings(kind: type[Any], settings: Any, unless_default: bool = False) -> Any:
    """Build the settings of a part in which those that another part has too are equal to that part's ``settings``.

    ``unless_default``: except those that are the default ones of that part.
    """
    shared = {field.name for field in fields(kind.Settings)} & {field.name for field in fields(settings)}
    values = {name: getattr(settings, name) for name in shared}
    if unless_default:
        defaults = type(settings)()
        values = {name: value for name, value in values.items() if value != getattr(defaults, name)}
    return build_settings(kind, **values) or kind.Settings()


Kind = type[Any]


class Case(NamedTuple):
    """Classes of parts of one deployment."""

    validator: Kind
    issuer: Kind
    wrappers: tuple[Kind, ...] = ()

    @property
    def name(self) -> str:
        """The names of the parts, separated by hyphens."""
        return "-".join(kind.name for kind in (self.validator, self.issuer, *self.wrappers))


class VariedCase(NamedTuple):
    """A case under settings of the validator and of the wrappers."""

    case: Case
    settings: Any
    wrapper_settings: tuple[Any, ...] = ()
    issuer_settings: Any = None

    @property
    def name(self) -> str:
        """The names of the parts and the settings that are not the default ones."""
        return "-".join((self.case.name, *(f"{name}={value}" for name, value in self.list_changes().items())))

    def list_changes(self) -> dict[str, Any]:
        """List the settings of validator and wrappers that are not the default ones."""
        return {
            field.name: getattr(settings, field.name)
            for settings in (self.settings, *self.wrapper_settings)
            for field in fields(settings)
            if getattr(settings, field.name) != getattr(type(settings)(), field.name)
        }

    def build(self, **more: Any) -> SteppedDeployment:
        """Build a stepped deployment of it; ``more`` as for `SteppedDeployment`."""
        issuer_settings = self.issuer_settings or match_settings(self.case.issuer, self.settings)
        chosen = {"settings": self.settings, "wrapper_settings": self.wrapper_settings} | {
            "issuer_settings": issuer_settings
        }
        return SteppedDeployment(*self.case, **{**chosen, **more})


def use_defaults(case: Case) -> VariedCase:
    """The case under the default settings of its parts."""
    return VariedCase(case, case.validator.Settings(), tuple(wrapper.Settings() for wrapper in case.wrappers))


def list_requirements(kind: Kind, settings: Any) -> frozenset[str]:
    """List what a part cannot work without."""
    needs: frozenset[str] = kind.list_requirements(settings) if hasattr(kind, "list_requirements") else frozenset()
    return needs


def is_for_gateways(validator: Kind) -> bool:
    """Check whether a validator stands at gateways only."""
    return hasattr(validator, "forwards")


def is_pair(validator: Kind, issuer: Kind) -> bool:
    """Check whether a validator takes the tokens of an issuer, and both have what they need of each other."""
    needs = list_requirements(validator, validator.Settings())
    issuers = {need.removeprefix("issuer:") for need in needs if need.startswith("issuer:")}
    if (issuers and issuer.name not in issuers) or ("signing" in needs and not hasattr(issuer, "sign")):
        return False
    of_issuer = list_requirements(issuer, issuer.Settings())
    gateways = {need.removeprefix("gateway:") for need in of_issuer if need.startswith("gateway:")}
    if gateways and validator.name not in gateways:
        return False
    return validator.token_format in (None, issuer.token_format)


def list_issuers(validator: Kind, partners: Iterable[Kind] = ()) -> list[Kind]:
    """List the issuers whose tokens a validator takes, ``partners`` before those of the catalogue."""
    kinds = (*(kind for kind in partners if hasattr(kind, "issue")), *_list_usable(ISSUERS))
    return [kind for kind in dict.fromkeys(kinds) if is_pair(validator, kind)]


def list_validators(partners: Iterable[Kind] = ()) -> list[Kind]:
    """List all validators, ``partners`` before those of the catalogue."""
    named = (kind for kind in partners if hasattr(kind, "validate"))
    return list(dict.fromkeys((*named, *_list_usable(VALIDATORS), *_list_usable(GATEWAY_VALIDATORS))))


def _list_usable(kinds: Mapping[str, Kind]) -> Iterator[Kind]:
    """List the parts of the catalogue that lack no optional package."""
    return (kind for kind in kinds.values() if not describe_missing_package(kind))


def can_wrap(wrapper: Kind, case: Case) -> bool:
    """Check whether a wrapper is for the tokens of a case and for the place of its validator."""
    has_place = wrapper.at_edge or wrapper.everywhere or not is_for_gateways(case.validator)
    return case.issuer.token_format in wrapper.formats and has_place


def has_what_it_needs(varied: VariedCase) -> bool:
    """Check whether the parts of a case have what they need; it has a shared store and identity tokens."""
    case, settings, wrapper_settings = varied[:3]
    parts = [(case.validator, settings), *zip(case.wrappers, wrapper_settings, strict=True)]
    return all(_is_met(need, case) for kind, chosen in parts for need in list_requirements(kind, chosen))


def _is_met(need: str, case: Case) -> bool:
    word, _, name = need.partition(":")
    if word == "issuer":
        return bool(case.issuer.name == name)
    if word == "gateway":
        return is_for_gateways(case.validator) and name in ("", case.validator.name)
    return word != "signing" or hasattr(case.issuer, "sign")


def has_bound(varied: VariedCase) -> bool:
    """Check whether acceptance after a revocation is bounded under these settings."""
    config = build_config()
    validator = varied.case.validator(varied.settings, config)
    for kind, chosen in zip(varied.case.wrappers, varied.wrapper_settings, strict=True):
        validator = kind(chosen, config).wrap_validator(validator)
    return isfinite(validator.compute_bound().after_revocation_s)


def list_cases(part: Kind, partners: Iterable[Kind] = ()) -> list[Case]:
    """List the cases of a validator, an issuer or a wrapper: with each part of the catalogue that it fits.

    A wrapper is put around each validator with its first issuer. ``partners`` are further parts, not in the catalogue.
    """
    if hasattr(part, "wrap_validator"):
        return list(_list_wrapped(part, tuple(partners)))
    if hasattr(part, "issue"):
        fitting = [Case(kind, part) for kind in list_validators(partners) if is_pair(kind, part)]
    else:
        fitting = [Case(part, issuer) for issuer in list_issuers(part, partners)]
    return [case for case in fitting if has_what_it_needs(use_defaults(case))]


def _list_wrapped(wrapper: Kind, partners: tuple[Kind, ...]) -> Iterator[Case]:
    for validator in list_validators(partners):
        bare = [Case(validator, issuer) for issuer in list_issuers(validator, partners)]
        for case in [case for case in bare if has_what_it_needs(use_defaults(case))][:1]:
            wrapped = case._replace(wrappers=(wrapper,))
            if can_wrap(wrapper, case) and has_what_it_needs(use_defaults(wrapped)):
                yield wrapped
