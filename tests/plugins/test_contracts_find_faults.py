"""Contract functions: each finds what is wrong with a plug-in and says it in a sentence."""

import math
from contextlib import nullcontext
from typing import Any
from unittest import mock

import pytest
from example_plugin import LastComeFirstServed, RefusalCache
from example_plugin.foreign_subject import ForeignSubject
from example_plugin.slow_requests import SLOW_SHARE
from matplotlib.figure import Figure

from simlib.plugins import (
    Bound,
    NotApplicable,
    check_attack,
    check_figure,
    check_metric,
    check_station,
    check_strategy,
)
from simlib.strategies import JwtLocal, OpaqueCached, OpaqueIntrospection, VerifiedCache
from simlib.strategies.vulnerable import VULNERABLE_PARTS


def changed(kind: type[Any], **members: Any) -> type[Any]:
    return type(kind.__name__, (kind,), {"name": f"faulty_{kind.name}", **members})


class FaultyWrapper(VerifiedCache):
    """Changes the verdicts or the bound of the validator that it wraps."""

    name = "faulty_wrapper"
    change: Any = None

    def wrap_validator(self, validator: Any) -> Any:
        wrapped = super().wrap_validator(validator)
        type(self).change(wrapped)
        return wrapped


def wrapper(change: Any) -> type[Any]:
    return type("FaultyWrapper", (FaultyWrapper,), {"change": staticmethod(change)})


def declare_no_bound(validator: Any) -> None:
    validator.compute_bound = lambda: Bound(0.0, 0.0)


def declare_too_much(validator: Any) -> None:
    inner = validator.compute_bound()
    validator.compute_bound = lambda: Bound(inner.after_expiry_s, 2.0 * inner.after_revocation_s)


def keep_state(validator: Any) -> None:
    state = validator.create_state()
    validator.create_state = lambda: state


STRATEGIES: dict[str, tuple[type[Any], str]] = {
    "no summary": (changed(JwtLocal, summary=""), "the summary must not be empty"),
    "bound too low": (wrapper(declare_no_bound), "declared bound is 0 s"),
    "bound too high": (wrapper(declare_too_much), "declared too high"),
    "state of all replicas": (wrapper(keep_state), "create_state must return a new state for each replica"),
    "calls not declared": (
        changed(OpaqueIntrospection, asks_authorization_server=False),
        "asks_authorization_server is False",
    ),
    "answers kept too long": (
        changed(OpaqueCached, compute_bound=lambda self: Bound(0.0, 0.0)),
        "the declared bound is 0 s",
    ),
    **{name: (part, "") for place in ("service", "wrappers") for name, part in VULNERABLE_PARTS[place].items()},
}


SIMULATED = ("forgetful_dpop", "unlimited_jwe")
"""Faults that only attacks show; the cases before them, which take seconds, find nothing."""


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_a_faulty_strategy_is_found(name: str) -> None:
    part, sentence = STRATEGIES[name]
    cases = mock.patch("simlib.contracts.strategy._check_cases") if name in SIMULATED else nullcontext()
    with cases, pytest.raises(AssertionError) as failure:
        check_strategy(part, part.Settings())
    message = str(failure.value)
    assert message.startswith(f"{part.name}: ")
    assert sentence in message
    assert "\n" not in message


def test_a_fault_under_other_settings_is_found() -> None:
    """By default tokens are refused at their expiry; with leeway later than the bound says."""
    part = changed(JwtLocal, compute_bound=lambda self: Bound(0.0, self._deployment.token_lifetime_s))
    check_strategy(part, part.Settings(), simulated=False)
    with pytest.raises(AssertionError, match=r"leeway_s=.*a token that expired at 300 s, at 300.0 s is accepted"):
        check_strategy(part, simulated=False)


class Forgetful(LastComeFirstServed):
    form = "forgetful"

    def leave(self, task: Any, now: float) -> None:
        self._integrate(now)
        self._number -= 1
        self._idle += 1


class Idle(LastComeFirstServed):
    form = "idle"

    def sample(self, now: float) -> Any:
        return super().sample(now)._replace(busy=0.0)


class Miscounting(LastComeFirstServed):
    form = "miscounting"

    def leave(self, task: Any, now: float) -> None:
        super().leave(task, now)
        self._number += 1


class Impatient(LastComeFirstServed):
    form, discipline = "impatient", "fifo"


class Steady(LastComeFirstServed):
    form, varies = "steady", True

    def set_speed(self, speed: float, now: float) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Forgetful, "a job never ends"),
        (Idle, "the busy time is 0 s"),
        (Miscounting, "jobs are counted as present"),
        (Impatient, "by the discipline 'fifo' it must end at"),
        (Steady, "at half speed from 1 s to 3 s, must end at 5 s, not at 4 s"),
    ],
    ids=lambda value: getattr(value, "form", ""),
)
def test_a_faulty_station_is_found(kind: type[Any], sentence: str) -> None:
    with pytest.raises(AssertionError, match=f"^{kind.form}: ") as failure:
        check_station(kind)
    assert sentence in str(failure.value)


def spoil(records: Any, warm_up_s: float) -> float:
    records["requests"]["end"][:] = 0.0
    return 0.0


COUNTER = iter(range(100))


@pytest.mark.parametrize(
    ("compute", "sentence"),
    [
        (lambda records, warm_up_s: "many", "the value must be a number, not str"),
        (lambda records, warm_up_s: math.inf, "must be finite"),
        (spoil, "the computation must not change the records"),
        (lambda records, warm_up_s: next(COUNTER), "the value of the same records is 0 and then 1"),
    ],
)
def test_a_faulty_metric_is_found(compute: Any, sentence: str) -> None:
    with pytest.raises(AssertionError, match=r"^metric slow_share: ") as failure:
        check_metric(SLOW_SHARE, compute)
    assert sentence in str(failure.value)


ONE_FIGURE = Figure()


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda verdicts: Figure(), "it must return a pair: figure and description"),
        (lambda verdicts: (Figure(), "short"), "the description must be a text of at least 20 characters"),
        (lambda verdicts: ("no figure", "a text of more than twenty characters"), "must be a figure, not str"),
        (lambda verdicts: (ONE_FIGURE, "a text of more than twenty characters"), "it must draw a new figure each time"),
    ],
)
def test_a_faulty_figure_is_found(draw: Any, sentence: str) -> None:
    with pytest.raises(AssertionError) as failure:
        check_figure(draw)
    assert sentence in str(failure.value)


def give_up(self: Any, ctx: Any) -> Any:
    yield from ()
    return NotApplicable("nothing to attack")


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"source": ""}, "it must have a summary and a source"),
        ({"against": "users"}, "against must be one of token, flow, not 'users'"),
        ({"needs": ("master_key",)}, "needs names master_key; obtainable are "),
        ({"prepare": give_up}, "it is accepted nowhere"),
    ],
)
def test_a_faulty_attack_is_found(members: dict[str, Any], sentence: str) -> None:
    attack = changed(ForeignSubject, **members)
    with pytest.raises(AssertionError, match=r"^faulty_foreign_subject: ") as failure:
        check_attack(attack)
    assert sentence in str(failure.value)


def test_an_attack_that_only_other_parts_let_through_may_be_accepted_nowhere() -> None:
    check_attack(changed(ForeignSubject, prepare=give_up), succeeds=False)


def test_a_refusal_cache_that_keeps_what_may_change_is_found() -> None:
    """The example without its idea: refusals for an early ``nbf`` or a slow key set would lock out the owner."""
    from example_plugin import refusal_cache

    reasons = refusal_cache.FINAL_REASONS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refusal_cache, "FINAL_REASONS", reasons | {"not_yet_valid"})
        with pytest.raises(AssertionError, match="a token at its nbf is refused with 401"):
            check_strategy(RefusalCache, RefusalCache.Settings())
