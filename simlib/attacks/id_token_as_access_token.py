"""ID token as access token: the API is presented an ID token."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class IdTokenAsAccessToken(TokenAttack):
    """Presents one for the client, and one for an application whose client_id is the API's audience."""

    name: ClassVar[str] = "id_token_as_access_token"
    summary: ClassVar[str] = "an ID token, presented to the API"
    source: ClassVar[str] = "RFC 8725 sections 2.8 and 3.11, RFC 9068 section 4; CVE-2026-41164"
    needs: ClassVar[tuple[str, ...]] = ("id_token", "id_token_for_the_api")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take both from the assets, where the server issues any."""
        yield from ()
        tokens = (
            ("for the client", self.assets.id_token),
            ("for the API's own name", self.assets.id_token_for_the_api),
        )
        candidates = tuple(Candidate(label, token) for label, token in tokens if token)
        return candidates or NotApplicable("the server issues no ID tokens")
