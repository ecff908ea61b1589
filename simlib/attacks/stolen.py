"""Ways to present what was stolen."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Loot, OnTokens, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest


def ways(loot: Loot, token: str) -> tuple[Candidate, ...]:
    """A thief tries the token alone; with the proof that was seen with it; and with a proof by a key of its own.

    A certificate cannot be stolen from the wire, since its key never is there (RFC 8705 section 1).
    """
    found = [Candidate("the token alone", HttpRequest(f"Bearer {token}"))]
    seen = loot.stolen_request
    if seen.dpop:
        found.append(Candidate("with the proof that was seen", HttpRequest(f"DPoP {token}", dpop=seen.dpop)))
    if loot.confirmation:
        found.append(Candidate("with a proof by the thief's own key", token))
    return tuple(found)


class Thief(OnTokens):
    """Presents a stolen token in one of these ways."""

    needs: ClassVar[tuple[str, ...]] = ("stolen_request",)

    def strike(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """A request as it is, or a token with the thief's own proof."""
        if isinstance(candidate.value, HttpRequest):
            return send("api", candidate.value)
        return self.loot.as_client(candidate.value)
