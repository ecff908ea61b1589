"""The payload is changed and the signature left as it is."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow
from simlib.tokens import read_header
from simlib.tokens.forging import alter, count_alterations, replace_claims

PLACES = 5
"""So many bytes, spread over what the token says, are changed one at a time."""


class AlteredPayload(TokenAttack):
    """First the subject, where it can be read; then single bits."""

    name: ClassVar[str] = "altered_payload"
    summary: ClassVar[str] = "own token with another subject or a changed bit, and the old signature"
    source: ClassVar[str] = "RFC 8725 sections 2.1 and 3.3; CVE-2022-21449, CVE-2022-39227"

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Nothing is asked."""
        yield from ()
        token = self.assets.own_token
        found = []
        if read_header(token) and token.count(".") == 2:
            found.append(Candidate("another subject", replace_claims(token, sub=self.assets.victim)))
        places = (number * count_alterations(token) // PLACES for number in range(PLACES))
        return (*found, *(Candidate(f"bit at {place}", alter(token, place)) for place in places))
