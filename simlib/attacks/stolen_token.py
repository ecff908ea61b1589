"""Stolen tokens: the requests by which an attacker presents one."""

from typing import ClassVar

from simlib.attacks.base import AttackerAssets, Candidate, TokenAttack, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest


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
