"""Issuing of access tokens: their claims, the row of the token store that keeps them, and self-contained issuers.

The confirmation claim ``cnf`` (RFC 7800) binds tokens to a key or certificate of their client at the token endpoint.
`SelfContainedIssuer` stores a token only when that is revoked, under its ``jti``; formats differ in signing and
verifying, which subclasses define.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simlib.scenario.effects import Call, Context, Flow, Verdict
from simlib.scenario.encodings import encode_json
from simlib.scenario.messages import StoreGet, StorePut, TokenRow
from simlib.strategies.base import DeploymentConfig, Grant, Issued
from simlib.tokens import REQUIRED_CLAIMS, build_access_token_claims, from_numeric_date, judge_time

ROW_CLAIMS = frozenset({*REQUIRED_CLAIMS, "scope", "cnf", "act"})
"""Claims for which a row has columns."""


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
    return encode_json(details) if details else ""


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


def bind_server(server: Any, confirmation: Mapping[str, str]) -> Any:
    """Bind the grants of the authorization server for one request of a client that has proved its key."""
    make_grant = server.make_grant

    def make_bound_grant(*args: Any, **kwargs: Any) -> Grant:
        return bind_grant(make_grant(*args, **kwargs), confirmation)

    return replace(server, make_grant=make_bound_grant)


def bind_grant(grant: Grant, confirmation: Mapping[str, str]) -> Grant:
    """Add a confirmation to a grant."""
    return grant._replace(confirmation={**grant.confirmation, **confirmation})


def read_confirmation(verdict: Verdict, member: str) -> str:
    """Read one member of the token's ``cnf``, such as "jkt"; empty when the token has none."""
    confirmation = verdict.claims.get("cnf")
    value = confirmation.get(member) if isinstance(confirmation, Mapping) else None
    return value if isinstance(value, str) else ""


class SelfContainedIssuer:
    """Issues, inspects and revokes; a subclass defines `_sign_claims` and `_read`."""

    def __init__(self, deployment: DeploymentConfig) -> None:
        self._deployment = deployment

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign the claims of RFC 9068 section 2.2, with claims about the user when the design puts them there."""
        claims = self._build_claims(ctx, grant)
        token = yield from self._sign_claims(claims)
        yield from self._store_issued(claims)
        return Issued(token, grant.subject, from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"]))

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Verify the server's own signature, then look up whether the ``jti`` was revoked."""
        claims = yield from self._read_valid(ctx, token)
        if claims is None:
            return None
        revoked = yield Call("store", StoreGet(format_jti_key(claims)))
        return self._build_row(claims, "access") if revoked is None else None

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Store the ``jti`` (RFC 7009 leaves open how a server invalidates a self-contained token)."""
        claims = yield from self._read_valid(ctx, token)
        if claims is None:
            return False
        row = self._build_row(claims, "revoked")._replace(revoked_at=ctx.now())
        yield Call("store", StorePut(format_jti_key(claims), row))
        return True

    def _build_claims(self, ctx: Context, grant: Grant) -> dict[str, Any]:
        return build_claims(ctx, grant, self._deployment)

    def _sign_claims(self, claims: Mapping[str, Any]) -> Flow[str]:
        """Sign the claims of a new token."""
        raise NotImplementedError

    def _read(self, token: str) -> Flow[Mapping[str, Any] | None]:
        """Verify one of its own tokens; returns its claims, None for any other text. Time is not judged."""
        raise NotImplementedError

    def _read_valid(self, ctx: Context, token: str) -> Flow[Mapping[str, Any] | None]:
        """Read the claims of one of its own tokens that is in time.

        Its iat is never ahead of the server, which has issued it: only the clock of another replica may be behind.
        """
        claims = yield from self._read(token)
        if claims is None or judge_time(claims, ctx.now(), refuse_future_iat=False) is not None:
            return None
        return claims

    def _store_issued(self, claims: Mapping[str, Any]) -> Flow[None]:
        """Store nothing of a token that was issued."""
        yield from ()

    def _build_row(self, claims: Mapping[str, Any], kind: str) -> TokenRow:
        return build_row(claims, kind, find_user_claims(self._deployment, claims["sub"]))


def format_jti_key(claims: Mapping[str, Any]) -> str:
    """Format the key of the token store under which a self-contained token is found."""
    # RFC 7519 makes a jti unique per issuer; this store is one issuer's own.
    return f"jti:{claims['jti']}"
