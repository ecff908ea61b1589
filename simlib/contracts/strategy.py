"""Strategy contract: all cases to which the parts of the catalogue are held, for one part under given settings."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import partial
from typing import Any

from simlib.contracts import (
    acceptance,
    bounds,
    claims,
    declarations,
    forgery,
    issuing,
    outages,
    revocation,
    worst_cases,
)
from simlib.contracts.cases import (
    Case,
    VariedCase,
    has_bound,
    has_what_it_needs,
    list_cases,
    match_settings,
    use_defaults,
    vary_settings,
)
from simlib.contracts.requirements import name_failures, require
from simlib.contracts.simulation import check_simulation
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.scenario.registry import isolate_registrations
from simlib.strategies import CATALOGUE, PushReceiver, register_strategy
from simlib.tokens import JWT

START_S = 1000.4
SCHEDULES = 25
Kind = type[Any]


def check_strategy(part: Kind, settings: Any = None, *, partners: Iterable[Kind] = (), simulated: bool = True) -> None:
    """Hold a part to the contract of its place; raises AssertionError with a sentence that names case and fault.

    ``part`` is a class as for `register_strategy`, and need not be registered. Without ``settings`` it is checked under
    its default settings, and expiry and bounds of validators and wrappers under each setting changed by itself, too.
    ``partners`` are further parts that it needs and that are not in the catalogue. ``simulated``: designs with it are
    simulated in a tiny scenario and attacked, too.
    """
    with isolate_registrations():
        for kind in (*partners, part):
            if all(kind is not parts.get(kind.name) for parts in CATALOGUE.values()):
                register_strategy(kind)
        with name_failures(part.name):
            require(bool(part.summary), "the summary must not be empty")
            if not hasattr(part, "request") and not hasattr(part, "obtain_credential"):
                _check_cases(part, settings, tuple(partners))
            if simulated:
                check_simulation(part, settings)


def _check_cases(part: Kind, settings: Any, partners: tuple[Kind, ...]) -> None:
    cases = list_cases(part, partners)
    require(bool(cases), "it fits no part of the catalogue; give the parts that it needs as partners")
    checked: set[Any] = set()
    for case in cases:
        new = case.issuer.token_format not in checked or not case.wrappers
        checked.add(case.issuer.token_format)
        for varied in vary_case(part, case, settings) if new else [choose_settings(part, case, settings)]:
            with name_failures(varied.name):
                check_case(varied, whole=new and varied == _drop_defaults(choose_settings(part, case, settings)))


def choose_settings(part: Kind, case: Case, settings: Any) -> VariedCase:
    """The case with these settings for one of its parts (None: the defaults), and defaults for the others."""
    usual = use_defaults(case)
    if settings is None:
        return usual
    if part in case.wrappers:
        chosen = (settings if kind is part else kind.Settings() for kind in case.wrappers)
        return usual._replace(wrapper_settings=tuple(chosen))
    if part is case.validator:
        return usual._replace(settings=settings)
    validator_settings = match_settings(case.validator, settings, unless_default=True)
    return usual._replace(settings=validator_settings, issuer_settings=settings)


def vary_case(part: Kind, case: Case, settings: Any) -> Iterator[VariedCase]:
    """Yield the case with the given settings, or else with each setting of a validator or wrapper changed by itself."""
    is_fixed = settings is not None or hasattr(part, "issue")
    for chosen in (settings or part.Settings(),) if is_fixed else vary_settings(part):
        varied = choose_settings(part, case, chosen)
        if has_what_it_needs(varied) and has_bound(varied):
            yield _drop_defaults(varied)


def _drop_defaults(varied: VariedCase) -> VariedCase:
    """Without settings of the issuer that are its default ones, so that they follow the validator's."""
    is_default = varied.issuer_settings == varied.case.issuer.Settings()
    return varied._replace(issuer_settings=None) if is_default else varied


def check_case(varied: VariedCase, whole: bool = True) -> None:
    """Check one case: expiry and bounds, and with ``whole`` everything else."""
    check_bounds(varied)
    if whole:
        for check in list_fresh_checks(varied.case):
            check(varied.build().at(START_S))
        for check_value, values in list_value_checks(varied.case):
            for value in values:
                check_value(varied.build().at(START_S), value)
        for check_varied in list_case_checks(varied.case):
            check_varied(varied)
        issuing.check_whole_seconds(varied.build(lifetime_s=10.9).at(5.9))


def check_bounds(varied: VariedCase) -> None:
    """Check expiry, revocation and declared bounds of a case, which depend on its settings."""
    acceptance.check_expiry(varied)
    if not has_few_entries(varied):
        declarations.check_calls_about_tokens(varied)
    for lifetime_s in worst_cases.LIFETIMES_S:
        worst_cases.check_revocation_bound(varied, lifetime_s)
    worst_cases.check_expiry_bound(varied)
    for number, actions in enumerate(bounds.draw_schedules(SCHEDULES)):
        bounds.check_bounds(varied.build(lifetime_s=bounds.LIFETIMES_S[number % 2]), actions)


def has_few_entries(varied: VariedCase) -> bool:
    """Check whether lists are so short that hardly two tokens share one, so that each token causes a fetch."""
    entries = (getattr(settings, "entries", None) for settings in varied.wrapper_settings)
    return any(number is not None and number <= declarations.TOKENS for number in entries)


def list_fresh_checks(case: Case) -> list[Callable[[SteppedDeployment], None]]:
    """List the checks of a new deployment of a case."""
    checks: list[Callable[[SteppedDeployment], None]]
    checks = [*acceptance.CHECKS, *forgery.MANIPULATION_CHECKS, *revocation.CHECKS, forgery.check_every_alteration]
    checks += () if case.wrappers else issuing.CHECKS
    checks += forgery.CHECKS if case.issuer.token_format == JWT else ()
    return checks


def list_value_checks(case: Case) -> list[tuple[Callable[[SteppedDeployment, Any], None], Iterable[Any]]]:
    """List the checks of a new deployment that are made with each of some values."""
    return [
        (acceptance.check_insufficient_scope, acceptance.INSUFFICIENT_SCOPES),
        (acceptance.check_scope_of_wrong_type, acceptance.SCOPES_OF_WRONG_TYPE),
        (claims.check_wrong_claims, claims.WRONG_CLAIMS),
        (claims.check_inactive_token, claims.NOT_ACTIVE),
        (claims.check_any_claims, claims.UNUSUAL_CLAIMS),
        (forgery.check_garbage, forgery.GARBAGE),
        (outages.check_no_answer, outages.NO_ANSWERS),
        (outages.check_unreadable_answer, outages.UNREADABLE_BODIES),
        (issuing.check_any_text, forgery.GARBAGE),
        *(forgery.VALUE_CHECKS if case.issuer.token_format == JWT else ()),
    ]


def list_case_checks(case: Case) -> list[Callable[[VariedCase], None]]:
    """List the checks of a case that build several deployments."""
    checks: list[Callable[[VariedCase], None]]
    checks = [*acceptance.CASE_CHECKS, *outages.CASE_CHECKS, *revocation.CASE_CHECKS, *declarations.CASE_CHECKS]
    checks += [partial(acceptance.check_no_wall_clock, instant=instant) for instant in acceptance.INSTANTS]
    if not case.wrappers and not issubclass(case.validator, PushReceiver):
        checks.append(declarations.check_declared_call)
    if not case.wrappers and declarations.has_single_flight(case.validator):
        checks += [partial(declarations.check_single_flight, single_flight=chosen) for chosen in (True, False)]
    if case.issuer.token_format == JWT and "algorithm" in {field.name for field in fields(case.issuer.Settings)}:
        checks.append(revocation.check_second_signature)
    return checks
