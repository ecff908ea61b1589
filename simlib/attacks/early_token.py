"""Early token: a token that is not valid yet."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class EarlyToken(TokenAttack):
    """Its ``nbf`` or its ``iat`` is in the future."""

    name: ClassVar[str] = "early_token"
    summary: ClassVar[str] = "own token, presented before the time from which it is valid"
    source: ClassVar[str] = "RFC 7519 sections 4.1.5 and 4.1.6, RFC 7662 section 4"
    needs: ClassVar[tuple[str, ...]] = ("early_token", "future_token")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take both from the assets."""
        yield from ()
        tokens = (("nbf to come", self.assets.early_token), ("issued in the future", self.assets.future_token))
        return tuple(Candidate(label, token) for label, token in tokens if token)
