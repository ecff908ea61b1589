"""Ways to present what was stolen."""

from typing import ClassVar

from simlib.attacks.base import AttackerAssets, Candidate, TokenAttack, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest


def list_presentations(assets: AttackerAssets, token: str) -> tuple[Candidate, ...]:
    """A thief tries the token alone; with the proof that was seen with it; and with a proof by a key of its own.

    A certificate cannot be stolen from the wire, since its key never is there (RFC 8705 section 1).
    """
    found = [Candidate("the token alone", HttpRequest(f"Bearer {token}"))]
    seen = assets.stolen_request
    if seen.dpop:
        found.append(Candidate("with the proof that was seen", HttpRequest(f"DPoP {token}", dpop=seen.dpop)))
    if assets.confirmation:
        found.append(Candidate("with a proof by the thief's own key", token))
    return tuple(found)


class StolenTokenAttack(TokenAttack):
    """Presents a stolen token in one of these ways."""

    needs: ClassVar[tuple[str, ...]] = ("stolen_request",)

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """A request as it is, or a token with the thief's own proof."""
        if isinstance(candidate.value, HttpRequest):
            return send("api", candidate.value)
        return self.assets.as_client(candidate.value)
