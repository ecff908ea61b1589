"""Forged claims: the claims that an attacker wants to have accepted, and the public key and header for them."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from simlib.attacks.base import AttackerAssets, NotApplicable, send
from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.tokens import ACCESS_TOKEN_TYPE, ALGORITHMS, encrypt_text, find_form, read_header, to_numeric_date
from simlib.tokens.forging import read_claims

LIFETIME_S = 1_000_000
"""Lifetime of a forged token in seconds."""


class ForgedClaims(NamedTuple):
    """Claims about the victim, the ``kid``, ``typ`` and ``alg`` for the header, the public key of that kid (None when
    the key set has none), and ``seal``, which converts a forged token to the format that is presented.
    """

    claims: Mapping[str, Any]
    kid: str
    typ: str
    algorithm: str
    jwk: Mapping[str, Any] | None
    seal: Callable[[str], str]


def forge_claims(ctx: Context, assets: AttackerAssets) -> Flow[ForgedClaims | NotApplicable]:
    """Forge claims from the attacker's own token or, where that is encrypted, from the usual claims of access tokens.

    Not applicable to an encrypted token without a key set, and to a token that is no JWT.
    """
    token = assets.own_token
    answer = yield from send("jwks", HttpRequest())
    keys = json.loads(answer.body)["keys"] if isinstance(answer, Reply) and answer.status == 200 else []
    header = read_header(token)
    form = find_form(token)
    if form.prefix:
        return NotApplicable(f"a {form.name.upper()} has no header in which anything could be chosen")
    if len(token.split(".")) == 5 and header and assets.encryption_jwk is not None and keys:
        return _forge_nested_claims(ctx, assets, keys[0])
    if len(token.split(".")) != 3 or not header:
        return NotApplicable("a reference has no claims that could be rewritten")
    own = read_claims(token)
    claims = {**own, "sub": assets.victim, "exp": own["exp"] + LIFETIME_S}
    kid = str(header["kid"])
    jwk = next((key for key in keys if key["kid"] == kid), None)
    return ForgedClaims(claims, kid, str(header["typ"]), str(header["alg"]), jwk, str)


def _forge_nested_claims(ctx: Context, assets: AttackerAssets, jwk: Mapping[str, Any]) -> ForgedClaims:
    """Forge a nested token, encrypted to the published key of the resource server."""
    now = to_numeric_date(ctx.now())
    claims = {
        "iss": assets.issuer,
        "aud": assets.audience,
        "sub": assets.victim,
        "client_id": assets.client_id,
        "scope": assets.scope,
        "iat": now,
        "exp": now + LIFETIME_S,
        "jti": "forged",
        **({"cnf": dict(assets.confirmation)} if assets.confirmation else {}),
    }
    assert assets.encryption_jwk is not None
    seal = partial(_encrypt, assets.encryption_jwk)
    return ForgedClaims(claims, str(jwk["kid"]), ACCESS_TOKEN_TYPE, str(jwk["alg"]), jwk, seal)


def _encrypt(jwk: Mapping[str, Any], token: str) -> str:
    return encrypt_text(token.encode(), jwk)


def is_key_pair_algorithm(algorithm: str) -> bool:
    """Whether an algorithm uses key pairs, so that another key pair can be generated for it."""
    return algorithm in ALGORITHMS
