"""Vulnerable validators of JWTs: each leaves out one check of a secure one.

The RFC and the CVE of each are with its class."""

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
from simlib.tokens import KeySet, SharedSecret, Verification, VerificationKey, has_scope, read_header, read_payload
from simlib.tokens.forging import decode, encode_public_pem, read_claims
from simlib.tokens.vulnerable_jwe import decrypt_without_limits


class DecodedOnly(JwtLocal):
    """Checks issuer, audience, time and scope, but never the signature (RFC 8725 section 3.3; CVE-2022-39227)."""

    name: ClassVar[str] = "decoded_only"
    summary: ClassVar[str] = "vulnerable: JWT decoded, its signature never verified"
    refused: ClassVar[str] = "any client could forge a token, because no signature is verified; use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verify(self, ctx: Context, state: KeyCache, token: str, scope: str) -> Flow[Verdict]:
        claims = yield Compute("json.decode", lambda: _read_claims(token))
        if claims is None:
            return refuse_invalid_token("malformed")
        for name, expected in (("iss", self._deployment.issuer), ("aud", self._deployment.audience)):
            if claims.get(name) != expected:
                return refuse_invalid_token("issuer" if name == "iss" else "audience")
        return self._judge({"iat": None, **claims}, ctx.now(), scope)


def _read_claims(token: str) -> Mapping[str, Any] | None:
    try:
        claims: Mapping[str, Any] = read_claims(token)
    except (ValueError, IndexError):
        return None
    return claims if isinstance(claims, dict) else None


class HeaderAlgorithm(JwtLocal):
    """Accepts "none" as signed, and a public key as the secret of HS256.

    The token's header decides how it is verified (RFC 8725 section 2.1; CVE-2015-9235, CVE-2016-10555).
    """

    name: ClassVar[str] = "header_algorithm"
    summary: ClassVar[str] = "vulnerable: JWT verified by the algorithm that its own header names"
    refused: ClassVar[str] = "the token itself would choose how it is verified (RFC 8725 section 3.1); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _verify(self, ctx: Context, state: KeyCache, token: str, scope: str) -> Flow[Verdict]:
        algorithm = str(read_header(token).get("alg")).lower()
        if algorithm not in ("none", "hs256"):
            return (yield from super()._verify(ctx, state, token, scope))
        if not (yield from self._keys.ensure_key_set(ctx, state)):
            return refuse_unavailable("no_keys")
        key = yield from self._keys.find_key(ctx, state, read_header(token).get("kid"))
        if key is None:
            return refuse_invalid_token("unknown_key")
        secret = encode_public_pem(key.jwk)
        holds = algorithm == "none" or (yield Compute("jwt.verify.HS256", lambda: _is_authentic(token, secret)))
        if not holds:
            return refuse_invalid_token("signature")
        return self._judge(read_claims(token), ctx.now(), scope)


def _is_authentic(token: str, secret: bytes) -> bool:
    signing_input, _, signature = token.rpartition(".")
    return hmac.compare_digest(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest(), decode(signature))


class HeaderKey(JwtLocal):
    """Verifies with the header's ``jwk``, or with the key set at its ``jku``, of any origin.

    The token brings the key that verifies it (RFC 8725 section 3.10; CVE-2018-0114).
    """

    name: ClassVar[str] = "header_key"
    summary: ClassVar[str] = "vulnerable: JWT verified with the key in its own header, or at the address that it names"
    refused: ClassVar[str] = "the token would bring the key that verifies it (RFC 8725 section 3.10); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _find_key(self, ctx: Context, state: KeyCache, token: str) -> Flow[VerificationKey | SharedSecret | None]:
        header = read_header(token)
        if "jwk" in header:
            own_key: VerificationKey | None = yield Compute(
                "jwks.parse", partial(_find_embedded_key, header, header["jwk"])
            )
            return own_key
        if "jku" not in header:
            return (yield from super()._find_key(ctx, state, token))
        answer = yield Call(str(header["jku"]), HttpRequest(), self._settings.timeout_s)
        if isinstance(answer, Failed):
            return None
        keys: KeySet = yield Compute("jwks.parse", partial(KeySet.from_jwks, answer.body))
        return keys.find(str(header.get("kid")))


def _find_embedded_key(header: Mapping[str, Any], jwk: Mapping[str, Any]) -> VerificationKey | None:
    jwk_with_kid = {**jwk, "kid": str(header.get("kid"))}
    return KeySet.from_jwks(json.dumps({"keys": [jwk_with_kid]}).encode()).find(jwk_with_kid["kid"])


class NoAudience(JwtLocal):
    """Omits the check of the audience (RFC 9068 section 4, RFC 8725 section 3.9; CVE-2024-5798)."""

    name: ClassVar[str] = "no_audience"
    summary: ClassVar[str] = "vulnerable: JWT verified, but its audience is not checked"
    refused: ClassVar[str] = "tokens for any other API would be accepted (RFC 9068 section 4); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _build_verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        return super()._build_verification(token, key)._replace(audience=None)


class NoIssuer(JwtLocal):
    """Omits the check of the issuer, as with keys shared by tenants (RFC 8725 section 3.8)."""

    name: ClassVar[str] = "no_issuer"
    summary: ClassVar[str] = "vulnerable: JWT verified, but its issuer is not checked"
    refused: ClassVar[str] = "tokens of any tenant with the same keys would be accepted (RFC 8725 3.8); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _build_verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        issuer = (read_payload(token) or {}).get("iss")
        return super()._build_verification(token, key)._replace(issuer=str(issuer))


class NoTime(JwtLocal):
    """Omits the checks of ``exp``, ``nbf`` and ``iat`` (RFC 7519 sections 4.1.4 to 4.1.6)."""

    name: ClassVar[str] = "no_time"
    summary: ClassVar[str] = "vulnerable: JWT verified, but its times are not checked"
    refused: ClassVar[str] = "tokens would never end (RFC 7519 section 4.1.4); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def compute_bound(self) -> Bound:
        """Return no bound."""
        return Bound(float("inf"), float("inf"))

    def _judge(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        return Verdict(True, claims=claims) if has_scope(claims, scope) else refuse_insufficient_scope(scope)


class NoType(JwtLocal):
    """Accepts any JWT of the issuer as an access token (RFC 8725 section 3.11, RFC 9068 section 4).

    It checks signature, issuer, audience and time, and the scope of tokens that have one, but neither the type nor that
    the claims of an access token are complete.
    """

    name: ClassVar[str] = "no_type"
    summary: ClassVar[str] = "vulnerable: any JWT that the issuer has signed for the API's name, whatever its type"
    refused: ClassVar[str] = "identity tokens would be accepted as access tokens (RFC 8725 section 3.11); use jwt_local"

    instead: ClassVar[str] = "jwt_local"

    def _build_verification(self, token: str, key: VerificationKey | SharedSecret) -> Verification:
        typ = read_header(token).get("typ")
        return super()._build_verification(token, key)._replace(typ=typ if isinstance(typ, str) else "", required=())

    def _judge(self, claims: Mapping[str, Any], now: float, scope: str) -> Verdict:
        return super()._judge({"iat": None, **claims}, now, scope if "scope" in claims else "")


class UnlimitedJwe(EncryptedJwtValidator):
    """Inflates and derives keys without limits, and verifies afterwards (RFC 8725 section 3.6)."""

    name: ClassVar[str] = "unlimited_jwe"
    summary: ClassVar[str] = (
        "vulnerable: encrypted JWT, decrypted with any algorithm and to any size that its header names"
    )
    refused: ClassVar[str] = "one small request could fill memory or keep a core busy (RFC 8725 3.6); use encrypted_jwt"

    instead: ClassVar[str] = "encrypted_jwt"

    def validate(self, ctx: Context, state: KeyCache, presented: PresentedToken) -> Flow[Verdict]:
        """Decrypt, then verify the JWT inside."""
        if not presented.token:
            return refuse_missing_token()
        opened = yield Compute(self._decrypting, partial(decrypt_without_limits, presented.token, self._decryption_key))
        if opened.token is None:
            return refuse_invalid_token(opened.reason)
        return (yield from self._verify(ctx, state, opened.token, presented.scope))
