"""Acceptance contract of validators: a valid token is accepted with its claims up to its expiry, for its scope only."""

import math
from typing import Any

from simlib.contracts.cases import VariedCase
from simlib.contracts.configuration import AUDIENCE, ELSEWHERE, SCOPE
from simlib.contracts.requirements import require, require_accepted, require_refused, require_status
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.tokens import EPOCH

INSUFFICIENT_SCOPES = ("", "catalogue", "catalogue:readall", "catalogue:write", "CATALOGUE:READ")
SCOPES_OF_WRONG_TYPE = (..., None, 7, [SCOPE], {SCOPE: 1}, f"other\t{SCOPE}", f"{SCOPE}\xa0other", f"{SCOPE}\n")
"""No texts, or texts whose words are not separated by spaces (RFC 6749 section 3.3)."""
INSTANTS = (0.0, 1e9)
"""Seconds of the simulation's clock, years before and after the time at which these contracts were written."""


def check_valid_token(stepped: SteppedDeployment) -> None:
    """A valid token is accepted with its claims, twice."""
    issued = stepped.issue("user-7", f"{SCOPE} catalogue:write")
    verdict = stepped.present(issued.token)
    require_accepted(verdict, "a valid token")
    require(
        (verdict.status, verdict.reason, verdict.challenge) == (200, "", ""),
        f"the acceptance of a valid token must have status 200, no reason and no challenge, but it is {verdict!r}",
    )
    claims = verdict.claims
    expected = ("user-7", "shop", f"{SCOPE} catalogue:write")
    require(
        (claims["sub"], claims["client_id"], claims["scope"]) == expected,
        f"the claims of a valid token must be those that it was issued with, but they are {dict(claims)}",
    )
    require(
        stepped.present(issued.token).claims == claims, "the same token must have the same claims when it is reused"
    )


def check_user_information(case: VariedCase) -> None:
    """Claims about the user come with the token, except where the design fetches them from the userinfo endpoint."""
    validator, issuer = case.case[:2]
    possible = getattr(issuer, "user_information_sources", validator.user_information_sources)
    for information in set(validator.user_information_sources) & set(possible):
        stepped = case.build(information=information)
        claims = stepped.present(stepped.issue("user-7").token, needs_user_information=True).claims
        wanted = stepped.deployment.user_claims("user-7")
        present = {name: claims[name] for name in wanted if name in claims}
        require(
            present == ({} if information == "userinfo" else wanted),
            f"with user information from {information!r} the claims about the user are {present}",
        )


def check_expiry(case: VariedCase) -> None:
    """A token is valid up to its expiry, and not at it, apart from the declared bound."""
    stepped = case.build()
    token = stepped.issue().token
    for instant in (0.0, 150.0, math.nextafter(300.0, 0.0)):
        require_accepted(stepped.at(instant).present(token), f"a token that expires at 300 s, at {instant} s")
    end = 300.0 + stepped.validator.compute_bound().after_expiry_s
    for instant in (end, end + 700.0):
        require_refused(stepped.at(instant).present(token), f"a token that expired at 300 s, at {instant} s")


def check_expiry_of_new_token(stepped: SteppedDeployment) -> None:
    """A token is refused at its expiry, also when the validator has never seen it."""
    first, second = stepped.issue(), stepped.issue()
    before = math.nextafter(first.expires_at, 0.0)
    require_accepted(stepped.at(before).present(first.token), "a token just before its expiry")
    require_refused(stepped.at(first.expires_at).present(second.token), "a new token at its expiry")
    require_refused(stepped.present(first.token), "a known token at its expiry")


def check_expiry_during_validation(case: VariedCase) -> None:
    """A token that expires while it is validated is refused, whichever operation is slow, known before or not."""
    reference = case.build()
    reference.present(reference.issue().token)
    late = 0
    for operation in list(reference.stepper.operations):
        stepped = case.build()
        known, new = stepped.issue().token, stepped.issue().token
        require_accepted(stepped.present(known), "a valid token")
        stepped.rs.costs[operation] = 1.0
        flows = [stepped.at(299.5).begin(token) for token in (known, new)]
        stepped.stepper.run()
        for flow in flows:
            require(
                flow.at < 300.0 or not flow.value.accepted,
                f"a token that expired during a slow {operation} must be refused",
            )
            late += flow.at >= 300.0
    require(late > 0, "a validation must take at least one operation that can be slow")


def check_several_audiences(stepped: SteppedDeployment) -> None:
    """A token of several audiences is accepted by each of them."""
    require_accepted(stepped.present(stepped.misissue(aud=[ELSEWHERE, AUDIENCE])), "a token of several audiences")


def check_no_wall_clock(case: VariedCase, instant: float) -> None:
    """Only the clock of the simulation decides."""
    stepped = case.build(now=instant)
    require_accepted(stepped.present(stepped.issue().token), f"a token issued at {instant} s")
    now = EPOCH + int(instant)
    require_accepted(stepped.present(stepped.misissue(nbf=now)), "a token that is valid from now on")
    require_refused(stepped.present(stepped.misissue(nbf=now + 1)), "a token that is valid in a second")


def check_token_valid_later(stepped: SteppedDeployment) -> None:
    """A token that becomes valid later is refused until then, and accepted then (RFC 7519 section 4.1.5)."""
    token = stepped.misissue(nbf=EPOCH + 1100)
    require_refused(stepped.at(math.nextafter(1100.0, 0.0)).present(token), "a token just before its nbf")
    require_accepted(stepped.at(1100.0).present(token), "a token at its nbf")


def check_insufficient_scope(stepped: SteppedDeployment, scope: str) -> None:
    """A token without the scope of the route is refused with 403."""
    token = stepped.issue(scope=scope).token
    for _ in range(2):
        verdict = stepped.present(token)
        require_status(verdict, 403, f"a token of the scope {scope!r} where {SCOPE!r} is required")
        allowed = [f'{scheme} error="insufficient_scope", scope="{SCOPE}"' for scheme in ("Bearer", "DPoP")]
        require(
            verdict.challenge in allowed, f"the challenge of a 403 must be {allowed[0]!r}, not {verdict.challenge!r}"
        )
        require(not verdict.claims, "a refusal for insufficient scope must have no claims")


def check_scope_of_wrong_type(stepped: SteppedDeployment, scope: Any) -> None:
    """A scope that is no text grants nothing."""
    require_status(stepped.present(stepped.misissue(scope=scope)), 403, f"a token whose scope is {scope!r}")


def check_scope_of_request(stepped: SteppedDeployment) -> None:
    """Every word of the required scope is needed, and judged for each request."""
    token = stepped.issue().token
    require_accepted(stepped.present(token), "a token of the required scope")
    require_status(
        stepped.present(token, f"{SCOPE} catalogue:write"), 403, "the same token at a route of a wider scope"
    )
    require_accepted(stepped.present(token), "the same token at its own route again")


def check_missing_token(stepped: SteppedDeployment) -> None:
    """A request without a token is answered with the scheme and no error code, and without a call."""
    before = dict(stepped.calls)
    verdict = stepped.present("")
    require_status(verdict, 401, "a request without a token")
    require(
        verdict.challenge.startswith(("Bearer", "DPoP")) and "error" not in verdict.challenge,
        f"the challenge to a request without a token must be a scheme without an error, not {verdict.challenge!r}",
    )
    require(stepped.calls == before, "a request without a token must not cause a call")


def check_replica_state(stepped: SteppedDeployment) -> None:
    """Replicas share no state."""
    other = stepped.validator.create_state()
    require(other is not stepped.state or other is None, "create_state must return a new state for each replica")


CHECKS = (
    check_valid_token,
    check_expiry_of_new_token,
    check_several_audiences,
    check_token_valid_later,
    check_scope_of_request,
    check_missing_token,
    check_replica_state,
)
CASE_CHECKS = (check_user_information, check_expiry_during_validation)
