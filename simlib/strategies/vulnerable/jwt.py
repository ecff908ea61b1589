"""A victim: decodes JWTs and believes what they say (RFC 8725 section 3.3; CVE-2022-39227 had the same effect).

A victim: the token's header decides how it is verified (RFC 8725 section 2.1; CVE-2015-9235, CVE-2016-10555).

A victim: verifies with the key that the token brings along (RFC 8725 section 3.10; CVE-2018-0114).

A victim: takes tokens that were made out to others (RFC 9068 section 4, RFC 8725 section 3.9; CVE-2024-5798).

A victim: believes every issuer whose key it knows, as with keys shared by tenants (RFC 8725 section 3.8).

A victim: does not look at the clock (RFC 7519 sections 4.1.4 and 4.1.5).

A victim: takes any JWT of the issuer for an access token (RFC 8725 section 3.11, RFC 9068 section 4).

A victim: opens encrypted tokens as their headers ask, with any algorithm and to any size (RFC 8725 section 3.6).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import Bound, PresentedToken
from simlib.strategies.encrypted_jwt import EncryptedJwtValidator
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_local import JwtLocal
from simlib.strategies.verdicts import (
    refuse_insufficient_scope,
    refuse_invalid_token,
    refuse_missing_token,
    refuse_unavailable,
)
from simlib.tokens import KeySet, SharedSecret, Verification, VerificationKey, has_scope, header_of, payload_of
from simlib.tokens.forging import claims_of, decoded, public_pem
from simlib.tokens.vulnerable_jwe import open_carelessly


class DecodedOnly(JwtLocal):
    """Looks at issuer, audience, time and scope, and never at the signature."""

    name: ClassVar[str] = "decoded_only"
    summary: ClassVar[str] = "victim: JWT decoded, its signature never verified"
    refused: ClassVar[str] = "anybody could write a token, because no signature is verified; use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verify(self, ctx: Context, state: KeyCache, token: str, scope: str) -> Flow[Verdict]:
        claims = yield Compute("json.decode", lambda: _claims(token))
        if claims is None:
            return refuse_invalid_token("malformed")
        for name, ours in (("iss", self._deployment.issuer), ("aud", self._deployment.audience)):
            if claims.get(name) != ours:
                return refuse_invalid_token("issuer" if name == "iss" else "audience")
        return self._judged({"iat": None, **claims}, ctx.now(), scope)


def _claims(token: str) -> Mapping[str, Any] | None:
    try:
        claims: Mapping[str, Any] = claims_of(token)
    except (ValueError, IndexError):
        return None
    return claims if isinstance(claims, dict) else None


class HeaderAlgorithm(JwtLocal):
    """Takes "none" for signed, and a public key for the secret of HS256."""

    name: ClassVar[str] = "header_algorithm"
    summary: ClassVar[str] = "victim: JWT verified by the algorithm that its own header names"
    refused: ClassVar[str] = "the token itself would choose how it is verified (RFC 8725 section 3.1); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verify(self, ctx: Context, state: KeyCache, token: str, scope: str) -> Flow[Verdict]:
        algorithm = str(header_of(token).get("alg")).lower()
        if algorithm not in ("none", "hs256"):
            return (yield from super()._verify(ctx, state, token, scope))
        if not (yield from self._keys.ensure_key_set(ctx, state)):
            return refuse_unavailable("no_keys")
        key = yield from self._keys.find_key(ctx, state, header_of(token).get("kid"))
        if key is None:
            return refuse_invalid_token("unknown_key")
        secret = public_pem(key.jwk)
        holds = algorithm == "none" or (yield Compute("jwt.verify.HS256", lambda: _authenticates(token, secret)))
        if not holds:
            return refuse_invalid_token("signature")
        return self._judged(claims_of(token), ctx.now(), scope)


def _authenticates(token: str, secret: bytes) -> bool:
    signing_input, _, signature = token.rpartition(".")
    return hmac.compare_digest(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest(), decoded(signature))


class HeaderKey(JwtLocal):
    """Uses the header's ``jwk``, or fetches the key set at its ``jku``, whoever that belongs to."""

    name: ClassVar[str] = "header_key"
    summary: ClassVar[str] = "victim: JWT verified with the key in its own header, or at the address that it names"
    refused: ClassVar[str] = "the token would bring the key that verifies it (RFC 8725 section 3.10); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _key(self, ctx: Context, state: KeyCache, token: str) -> Flow[VerificationKey | SharedSecret | None]:
        header = header_of(token)
        if "jwk" in header:
            found: VerificationKey | None = yield Compute("jwks.parse", partial(_only, header, header["jwk"]))
            return found
        if "jku" not in header:
            return (yield from super()._key(ctx, state, token))
        answer = yield Call(str(header["jku"]), HttpRequest(), self._settings.timeout_s)
        if isinstance(answer, Failed):
            return None
        keys: KeySet = yield Compute("jwks.parse", partial(KeySet.from_jwks, answer.body))
        return keys.find(str(header.get("kid")))


def _only(header: Mapping[str, Any], jwk: Mapping[str, Any]) -> VerificationKey | None:
    named = {**jwk, "kid": str(header.get("kid"))}
    return KeySet.from_jwks(json.dumps({"keys": [named]}).encode()).find(named["kid"])


class NoAudience(JwtLocal):
    """Checks everything but the audience."""

    name: ClassVar[str] = "no_audience"
    summary: ClassVar[str] = "victim: JWT verified, but for whom it was made is not looked at"
    refused: ClassVar[str] = "tokens for any other API would be accepted (RFC 9068 section 4); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        return super()._verification(token, key)._replace(audience=None)


class NoIssuer(JwtLocal):
    """Checks everything but the issuer."""

    name: ClassVar[str] = "no_issuer"
    summary: ClassVar[str] = "victim: JWT verified, but by whom it was issued is not looked at"
    refused: ClassVar[str] = "tokens of any tenant with the same keys would be accepted (RFC 8725 3.8); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        said = (payload_of(token) or {}).get("iss")
        return super()._verification(token, key)._replace(issuer=str(said))


class NoTime(JwtLocal):
    """Checks everything but ``exp``, ``nbf`` and ``iat``."""

    name: ClassVar[str] = "no_time"
    summary: ClassVar[str] = "victim: JWT verified, but a token never ends and is never too early"
    refused: ClassVar[str] = "tokens would never end (RFC 7519 section 4.1.4); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def compute_bound(self) -> Bound:
        """Nothing is promised."""
        return Bound(float("inf"), float("inf"))

    def _judged(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        return Verdict(True, claims=claims) if has_scope(claims, scope) else refuse_insufficient_scope(scope)


class NoType(JwtLocal):
    """Checks signature, issuer, audience and time, and the scope where a token says one; not the type, nor whether all
    is there that an access token says.
    """

    name: ClassVar[str] = "no_type"
    summary: ClassVar[str] = "victim: any JWT that the issuer has signed for the API's name, whatever its type"
    refused: ClassVar[str] = "identity tokens would be accepted as access tokens (RFC 8725 section 3.11); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        said = header_of(token).get("typ")
        return super()._verification(token, key)._replace(typ=said if isinstance(said, str) else "", required=())

    def _judged(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        return super()._judged({"iat": None, **claims}, now, scope if "scope" in claims else "")


class UnlimitedJwe(EncryptedJwtValidator):
    """Inflates and derives keys first, and verifies afterwards."""

    name: ClassVar[str] = "unlimited_jwe"
    summary: ClassVar[str] = "victim: encrypted JWT, opened by the algorithm and to the size that its header asks for"
    refused: ClassVar[str] = "one small request could fill memory or keep a core busy (RFC 8725 3.6); use encrypted_jwt"

    instead: ClassVar[str] = "encrypted_jwt"

    def validate(self, ctx: Context, state: KeyCache, presented: PresentedToken) -> Flow[Verdict]:
        """Open, then verify what is inside."""
        if not presented.token:
            return refuse_missing_token()
        opened = yield Compute(self._decrypting, partial(open_carelessly, presented.token, self._decryption_key))
        if opened.token is None:
            return refuse_invalid_token(opened.reason)
        return (yield from self._verify(ctx, state, opened.token, presented.scope))
