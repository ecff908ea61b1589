"""Claims that an issuer puts into an access token, and the row of the token store that keeps them."""

import json
from collections.abc import Mapping
from typing import Any

from simlib.scenario.effects import Context
from simlib.scenario.messages import TokenRow
from simlib.strategies.base import DeploymentConfig, Grant
from simlib.tokens import REQUIRED_CLAIMS, build_access_token_claims, from_numeric_date

ROW_CLAIMS = frozenset({*REQUIRED_CLAIMS, "scope", "cnf", "act"})
"""Claims for which a row has columns."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def build_further_claims(grant: Grant) -> Mapping[str, Any]:
    """Build ``cnf`` (RFC 7800), ``act`` (RFC 8693 section 4.1) and the further claims of a grant; empty for most."""
    if not (grant.claims or grant.confirmation or grant.actor):
        return grant.claims
    claims = dict(grant.claims)
    if grant.confirmation:
        claims["cnf"] = dict(grant.confirmation)
    if grant.actor:
        claims["act"] = {"sub": grant.actor}
    return claims


def find_user_claims(deployment: DeploymentConfig, subject: str) -> Mapping[str, str]:
    """Find the claims about the user that belong into a token."""
    return deployment.user_claims(subject) if deployment.user_information == "token" else {}


def build_claims(ctx: Context, grant: Grant, deployment: DeploymentConfig) -> dict[str, Any]:
    """Build the claims of RFC 9068 section 2.2, with claims about the user when the design puts them there."""
    return build_access_token_claims(
        deployment.issuer,
        grant.audience or deployment.audience,
        grant.subject,
        grant.client_id,
        grant.scope,
        ctx.now(),
        deployment.token_lifetime_s,
        ctx.random_bytes("jti", 16).hex(),
        {**find_user_claims(deployment, grant.subject), **build_further_claims(grant)},
    )


def encode_details(claims: Mapping[str, Any], omitted: Mapping[str, Any] | None = None) -> str:
    """Encode the ``details`` of a row: a JSON object with cnf, act and claims, or empty when there is none.

    ``omitted``: claims that are left out because they are kept elsewhere, such as those about the user.
    """
    details = {name: claims[name] for name in ("cnf", "act") if name in claims}
    further = {name: value for name, value in claims.items() if name not in ROW_CLAIMS and name not in (omitted or ())}
    if further:
        details["claims"] = further
    return _ENCODER.encode(details) if details else ""


def build_row(claims: Mapping[str, Any], kind: str, omitted: Mapping[str, Any]) -> TokenRow:
    """Build the row of the token store with the claims of a token; ``omitted`` as for `encode_details`."""
    return TokenRow(
        kind,
        claims["sub"],
        claims["client_id"],
        claims.get("scope", ""),
        claims["aud"],
        from_numeric_date(claims["iat"]),
        from_numeric_date(claims["exp"]),
        details=encode_details(claims, omitted),
    )
