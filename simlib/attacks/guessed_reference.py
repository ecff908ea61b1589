"""References are guessed, beginning with the neighbours of one's own."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack, send
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import read_header
from simlib.tokens.forging import decode_segment, encode_segment

NEIGHBOURS = (-1, 1, -2, 2)
RANDOM = 8
"""More would tell nothing new: with 256 random bits no number of guesses does (RFC 6749 section 10.10)."""


class GuessedReference(TokenAttack):
    """Who counts instead of drawing lots is found out by the first neighbour."""

    name: ClassVar[str] = "guessed_reference"
    summary: ClassVar[str] = "texts like one's own reference: its neighbours, then random ones"
    source: ClassVar[str] = "RFC 6749 section 10.10, RFC 6819 section 5.1.4.2.2"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Count up and down."""
        yield from ()
        token = self.assets.own_token
        if read_header(token) or token.startswith("v4."):
            return NotApplicable("the token is no reference: a guess would have to hit a signature")
        head, dot, last = token.rpartition(".")
        own, number = decode_segment(last), int.from_bytes(decode_segment(last), "big")
        beside = [(number + step) % 256 ** len(own) for step in NEIGHBOURS]
        guesses = [value.to_bytes(len(own), "big") for value in beside]
        guesses += [ctx.random_bytes("guess", len(own)) for _ in range(RANDOM)]
        labels = [f"own {step:+d}" for step in NEIGHBOURS] + [f"guess {n + 1}" for n in range(RANDOM)]
        return tuple(
            Candidate(label, f"{head}{dot}{encode_segment(guess)}")
            for label, guess in zip(labels, guesses, strict=True)
        )

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """As a bearer token: whoever it belongs to, no proof is known."""
        return send("api", HttpRequest(f"Bearer {candidate.value}"))
