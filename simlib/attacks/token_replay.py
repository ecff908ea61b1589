"""Token replay: a stolen access token is presented by the attacker, also after its owner has revoked it."""

from typing import ClassVar

from simlib.attacks.base import OWNER, AttackerAssets, Candidate, Preparation, TokenAttack, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import read_header
from simlib.tokens.forging import ORDERS, malleate_signature, vary_encoding


def list_presentations(assets: AttackerAssets, token: str) -> tuple[Candidate, ...]:
    """List the presentations: the token alone, with the intercepted proof, and with a proof by the attacker's own key.

    A client certificate cannot be replayed, since its private key is never sent (RFC 8705 section 1).
    """
    candidates = [Candidate("the token alone", HttpRequest(f"Bearer {token}"))]
    stolen = assets.stolen_request
    if stolen.dpop:
        candidates.append(Candidate("with the intercepted proof", HttpRequest(f"DPoP {token}", dpop=stolen.dpop)))
    if assets.confirmation:
        candidates.append(Candidate("with a proof by the attacker's own key", token))
    return tuple(candidates)


class StolenTokenAttack(TokenAttack):
    """Base of attacks that present a stolen token in each of these ways."""

    needs: ClassVar[tuple[str, ...]] = ("stolen_request",)

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send a request unchanged, or present a token with the attacker's own proof."""
        if isinstance(candidate.value, HttpRequest):
            return send("api", candidate.value)
        return self.assets.as_client(candidate.value)


class ReplayedBearer(StolenTokenAttack):
    """Token intercepted in a request and not revoked."""

    name: ClassVar[str] = "replayed_bearer"
    summary: ClassVar[str] = "the victim's token, intercepted in a request"
    source: ClassVar[str] = "RFC 6750 section 5.1, RFC 9700 sections 2.2.1 and 4.10.1"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take the token from the intercepted request."""
        yield from ()
        return list_presentations(self.assets, self.assets.stolen_token)


class UseAfterRevocation(StolenTokenAttack):
    """Token presented after its revocation; the resource server accepted it before, so its caches may hold it."""

    name: ClassVar[str] = "use_after_revocation"
    summary: ClassVar[str] = "the victim's token, presented after it was revoked"
    source: ClassVar[str] = "RFC 7009 section 3, RFC 9700 section 4.10; CVE-2013-2104, CVE-2026-35594"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the revocation."""
        yield from send(OWNER, HttpRequest())
        return list_presentations(self.assets, self.assets.stolen_token)


class AlteredRevokedCopy(StolenTokenAttack):
    """Another text that verifies like a revoked token.

    Uses the malleability of ECDSA signatures, and unused bits and padding of base64url.
    """

    name: ClassVar[str] = "altered_revoked_copy"
    summary: ClassVar[str] = "a revoked token in another encoding that is still valid"
    source: ClassVar[str] = "RFC 4648 section 3.5, RFC 7009 section 3; CVE-2015-7546"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Wait for the revocation, then encode the token differently."""
        yield from send(OWNER, HttpRequest())
        token = self.assets.stolen_token
        copies = [("another last character", vary_encoding(token)), ("padded", token + "=")]
        if read_header(token).get("alg") in ORDERS and token.count(".") == 2:
            copies.insert(0, ("the signature (r, n - s)", malleate_signature(token)))
        return tuple(Candidate(label, HttpRequest(f"Bearer {text}")) for label, text in copies if text != token)
