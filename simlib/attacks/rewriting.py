"""The claims that an attacker would like to have signed, and everything public that belongs to them."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from simlib.attacks.base import Inapplicable, Loot, send
from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.tokens import ACCESS_TOKEN_TYPE, ALGORITHMS, encrypt_to, header_of, to_numeric_date
from simlib.tokens.forging import claims_of

LONG_S = 1_000_000
"""How long a forged token would live, seconds."""


class Rewritten(NamedTuple):
    """Claims about the victim, the ``kid``, ``typ`` and ``alg`` to write beside them, the public key of that name (None
    when the key set has none), and what is done to a forged token before it is presented.
    """

    claims: Mapping[str, Any]
    kid: str
    typ: str
    algorithm: str
    jwk: Mapping[str, Any] | None
    seal: Callable[[str], str]


def rewritten(ctx: Context, loot: Loot) -> Flow[Rewritten | Inapplicable]:
    """From the attacker's own token, or where that is encrypted, from what an access token is known to say.

    A key set that cannot be had, and what is not a JWT, leave nothing to forge.
    """
    token = loot.own_token
    answer = yield from send("jwks", HttpRequest())
    keys = json.loads(answer.body)["keys"] if isinstance(answer, Reply) and answer.status == 200 else []
    header = header_of(token)
    if token.startswith("v4."):
        return Inapplicable("a PASETO has no header in which anything could be chosen")
    if len(token.split(".")) == 5 and header and loot.encryption_jwk is not None and keys:
        return _nested(ctx, loot, keys[0])
    if len(token.split(".")) != 3 or not header:
        return Inapplicable("a reference says nothing that could be rewritten")
    own = claims_of(token)
    claims = {**own, "sub": loot.victim, "exp": own["exp"] + LONG_S}
    kid = str(header["kid"])
    jwk = next((key for key in keys if key["kid"] == kid), None)
    return Rewritten(claims, kid, str(header["typ"]), str(header["alg"]), jwk, str)


def _nested(ctx: Context, loot: Loot, jwk: Mapping[str, Any]) -> Rewritten:
    """Whoever has the public key of the resource server can encrypt to it."""
    now = to_numeric_date(ctx.now())
    claims = {
        "iss": loot.issuer,
        "aud": loot.audience,
        "sub": loot.victim,
        "client_id": loot.client_id,
        "scope": loot.scope,
        "iat": now,
        "exp": now + LONG_S,
        "jti": "forged",
        **({"cnf": dict(loot.confirmation)} if loot.confirmation else {}),
    }
    assert loot.encryption_jwk is not None
    seal = partial(_sealed, loot.encryption_jwk)
    return Rewritten(claims, str(jwk["kid"]), ACCESS_TOKEN_TYPE, str(jwk["alg"]), jwk, seal)


def _sealed(jwk: Mapping[str, Any], token: str) -> str:
    return encrypt_to(token.encode(), jwk)


def signs(algorithm: str) -> bool:
    """Whether an algorithm is one of key pairs, so that another key pair can be made for it."""
    return algorithm in ALGORITHMS
