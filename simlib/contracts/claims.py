"""Claims contract of validators: tokens of another issuer, audience or time, or with an audience, subject or
client_id that is no text, are refused; claims of any type raise nothing."""

import math
from collections.abc import Mapping
from typing import Any

from simlib.contracts.configuration import AUDIENCE, ELSEWHERE, ISSUER
from simlib.contracts.misissuing import build_change
from simlib.contracts.requirements import require, require_accepted, require_refused
from simlib.contracts.stepped_deployment import SteppedDeployment

WRONG_CLAIMS: tuple[Mapping[str, Any], ...] = (
    {"iss": ELSEWHERE},
    {"iss": f"{ISSUER}/"},
    {"iss": ...},
    {"iss": [ISSUER]},
    {"iss": None},
    {"aud": ELSEWHERE},
    {"aud": [ELSEWHERE]},
    {"aud": []},
    {"aud": f"{AUDIENCE}/"},
    {"aud": {AUDIENCE: 1}},
    {"aud": ...},
    {"aud": None},
    {"aud": [AUDIENCE, 7]},
    {"client_id": 7},
    {"client_id": True},
    {"client_id": ["shop"]},
    {"client_id": {"id": "shop"}},
    {"sub": 7},
    {"cnf": {"jkt": 7}},
    {"act": {"sub": 7}},
    {"exp": ...},
    {"exp": None},
    {"exp": "never"},
    {"exp": True},
    {"exp": 0},
    {"exp": math.inf},
    {"exp": math.nan},
    {"nbf": 10**10},
    {"nbf": "soon"},
    {"nbf": None},
    {"nbf": True},
    {"iat": 10**10},
    {"iat": "now"},
    {"iat": True},
    {"iat": math.nan},
    {"iat": 10**400},
)
NOT_EXPRESSIBLE = ({"nbf": True}, {"iat": True})
"""Dates of a type that some formats cannot hold; such a token is accepted if its claim has another value."""
NOT_ACTIVE = (False, None, ..., "true", "True", 1, 1.0, [True], {"active": True}, 0, "")
"""Values of "active" (RFC 7662 section 2.2) that are not the JSON value true; ``...``: left out."""
UNUSUAL_CLAIMS: tuple[Mapping[str, Any], ...] = (
    {"iss": {}, "aud": 0.5, "exp": []},
    {"exp": 1e308, "nbf": -1e308},
    {"scope": [[None]], "sub": {"": False}},
    {"client_id": -0.0, "jti": "", "iat": "\ud800"},
    {"sub": ..., "scope": ..., "active": "yes"},
)
"""Claims of unusual types, in combinations."""


def check_wrong_claims(stepped: SteppedDeployment, changes: Mapping[str, Any]) -> None:
    """A token of another issuer or audience, or that is not valid now, is refused, also when it is known."""
    token = stepped.misissue(**changes)
    if _is_future_iat(changes) and not getattr(stepped.settings, "refuse_future_iat", False):
        stepped.present(token)  # accepted or refused: RFC 7519 section 4.1.6 requires neither
        return
    for _ in range(2):
        verdict = stepped.present(token)
        if verdict.accepted and changes in NOT_EXPRESSIBLE:
            same = [name for name in changes if repr(verdict.claims.get(name, ...)) == repr(changes[name])]
            require(not same, f"a token with the claims {changes} is accepted with them")
        else:
            require_refused(verdict, f"a token with the claims {changes}")


def _is_future_iat(changes: Mapping[str, Any]) -> bool:
    issued = changes.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return False
    return set(changes) == {"iat"} and issued > 0


def check_inactive_token(stepped: SteppedDeployment, active: Any) -> None:
    """Only the JSON value true means active; a validator that does not introspect is not concerned."""
    token = stepped.misissue(active=active)
    seen: list[bool] = []
    change = build_change({"active": active})

    def change_and_note(answer: dict[str, Any]) -> Any:
        seen.append("active" in answer)
        return change(answer)

    stepped.alter("introspect", change_and_note)
    for _ in range(2):
        verdict = stepped.present(token)
        if any(seen):
            require_refused(verdict, f'a token whose introspection has "active": {active!r}')
        else:
            require_accepted(verdict, "a valid token about which no introspection answers")


def check_any_claims(stepped: SteppedDeployment, changes: Mapping[str, Any]) -> None:
    """No claims raise an exception, whatever their types; a verdict has status 200 exactly if it accepts."""
    verdict = stepped.present(stepped.misissue(**changes))
    require(
        verdict.accepted == (verdict.status == 200),
        f"a verdict must have status 200 exactly if it accepts, but for the claims {changes} it is {verdict!r}",
    )
