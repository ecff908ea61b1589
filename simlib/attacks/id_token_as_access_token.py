"""An identity token is presented as an access token."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class IdTokenAsAccessToken(TokenAttack):
    """One made out to the client, and one made out to an application that has the name of the API."""

    name: ClassVar[str] = "id_token_as_access_token"
    summary: ClassVar[str] = "an identity token, presented to the API"
    source: ClassVar[str] = "RFC 8725 sections 2.8 and 3.11, RFC 9068 section 4; CVE-2026-41164"
    needs: ClassVar[tuple[str, ...]] = ("id_token", "id_token_for_the_api")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Both are at hand, where the server signs any."""
        yield from ()
        both = (("for the client", self.assets.id_token), ("for the API's own name", self.assets.id_token_for_the_api))
        found = tuple(Candidate(label, token) for label, token in both if token)
        return found or NotApplicable("the server gives no identity tokens")
