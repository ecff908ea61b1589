"""Altered payload: the payload of a token is changed under the old signature."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow
from simlib.tokens import read_header
from simlib.tokens.forging import alter, count_alterations, replace_claims

PLACES = 5
"""Number of bytes, spread over the contents of the token, that are changed one at a time."""


class AlteredPayload(TokenAttack):
    """Changes the subject, where it is readable, and then single bits."""

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
