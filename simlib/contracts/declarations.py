"""Declarations contract of validators: calls about tokens, single flight, binding to a client's key, and credentials
that are passed inwards are as declared."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from simlib.contracts.cases import VariedCase
from simlib.contracts.requirements import require, require_accepted
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.contracts.stepping import Delay
from simlib.services import ENDPOINTS

TOKENS = 8
SIMULTANEOUS = 35
FORWARDED_CLAIMS = ("sub", "client_id", "scope", "exp")


def count_calls(stepped: SteppedDeployment) -> int:
    """Count the calls of endpoints of the authorization server."""
    return sum(count for target, count in stepped.calls.items() if target in ENDPOINTS)


def has_single_flight(validator: type[Any]) -> bool:
    """Check whether a validator has the setting ``single_flight``."""
    return "single_flight" in {field.name for field in fields(validator.Settings)}


def check_calls_about_tokens(case: VariedCase) -> None:
    """A validator that declares that it does not call the server about new tokens makes no call for them."""
    stepped = case.build().at(1000.0)
    require_accepted(stepped.present(stepped.issue().token), "a valid token")
    if stepped.validator.asks_authorization_server:
        return
    calls = count_calls(stepped)
    for number in range(TOKENS):
        verdict = stepped.present(stepped.issue(f"user-{number}").token, sensitive=number % 2 == 0)
        require_accepted(verdict, "a valid token")
    made = count_calls(stepped) - calls
    require(
        made == 0,
        f"{made} calls of the authorization server for {TOKENS} new tokens, but asks_authorization_server is False",
    )


def check_declared_call(case: VariedCase) -> None:
    """``asks_authorization_server`` holds exactly if there is a call about a new token."""
    stepped = case.build().at(1000.0)
    require_accepted(stepped.present(stepped.issue().token), "a valid token")
    calls = count_calls(stepped)
    require_accepted(stepped.present(stepped.issue("user-1").token), "a valid token")
    calls_it = count_calls(stepped) > calls
    require(
        stepped.validator.asks_authorization_server == calls_it,
        f"asks_authorization_server must be {calls_it}: a new token causes {'a' if calls_it else 'no'} call",
    )


def check_single_flight(case: VariedCase, single_flight: bool) -> None:
    """Simultaneous requests with one token introspect once with single flight, else once each."""
    settings = replace(case.settings, single_flight=single_flight)
    stepped = case.build(settings=settings)
    token = stepped.issue().token
    stepped.stepper.delay = lambda target: Delay(0.01, 0.01)
    flows = [stepped.begin(token) for _ in range(SIMULTANEOUS)]
    stepped.stepper.run()
    for flow in flows:
        require_accepted(flow.value, "a valid token in simultaneous requests")
    expected = 1 if single_flight else SIMULTANEOUS
    require(
        stepped.calls["introspect"] == expected,
        f"{SIMULTANEOUS} simultaneous requests must introspect {expected} times with single_flight={single_flight}, "
        f"not {stepped.calls['introspect']} times",
    )


def check_single_flight_never_calls_more(
    case: VariedCase, requests: Sequence[tuple[float, int]], travel_s: float, ttl_s: float
) -> None:
    """Under no schedule of (gap in seconds, number of the token) single flight introspects more often."""
    counts = []
    for single_flight in (True, False):
        has_ttl = "ttl_s" in {field.name for field in fields(case.settings)}
        settings = replace(case.settings, single_flight=single_flight, **({"ttl_s": ttl_s} if has_ttl else {}))
        stepped = case.build(settings=settings)
        tokens = [stepped.issue(f"user-{number}").token for number in range(4)]
        stepped.stepper.delay = lambda target: Delay(travel_s / 2, travel_s / 2)
        for gap, number in requests:
            stepped.at(stepped.now + gap).begin(tokens[number])
        stepped.stepper.run()
        counts.append(stepped.calls["introspect"])
    require(0 < counts[0] <= counts[1], f"{counts[0]} introspections with single flight, {counts[1]} without")


def check_binding(case: VariedCase) -> None:
    """A token that is bound to a client's key is of no use to other clients, also when it is known."""
    stepped = case.build()
    bound = stepped.grant(user=0).confirmation != stepped.grant(user=1).confirmation
    token = stepped.issue(user=0).token
    for _ in range(2):
        require(stepped.present(token, user=1).accepted != bound, "a bound token must be refused from another client")
        require(stepped.present_bare(token).accepted != bound, "a bound token must be refused without a proof")
        require_accepted(stepped.present(token, user=0), "a token from its own client")
    grant = stepped.grant()._replace(confirmation={})
    unbound = stepped.stepper.finish(stepped.issuer.issue(stepped.server_host, grant), stepped.server_host)
    require(stepped.present(unbound.token).accepted != bound, "an unbound token must be refused where tokens are bound")


def check_forwarding(case: VariedCase) -> None:
    """A credential that a gateway passes inwards is valid there for the same claims and no longer."""
    stepped = case.build()
    issued = stepped.issue("user-7")
    verdict = stepped.present(issued.token)
    require(
        bool(verdict.forward) == hasattr(case.case.validator, "forwards"),
        "a verdict must have a credential to pass inwards exactly if the validator declares its format in forwards",
    )
    if not verdict.forward:
        return
    inner = stepped.present_inward(verdict.forward)
    require_accepted(inner, "the credential that a gateway passes inwards")
    for name in FORWARDED_CLAIMS:
        require(inner.claims[name] == verdict.claims[name], f"the credential passed inwards has another claim {name}")
    late = stepped.at(issued.expires_at).present_inward(verdict.forward)
    require(not late.accepted, "the credential passed inwards is accepted after the expiry of its token")


CASE_CHECKS = (check_binding, check_forwarding)
