"""A victim: verifies with the key that the token brings along (RFC 8725 section 3.10; CVE-2018-0114)."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow
from simlib.scenario.messages import HttpRequest
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_local import JwtLocal
from simlib.tokens import KeySet, SharedSecret, VerificationKey, header_of


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
