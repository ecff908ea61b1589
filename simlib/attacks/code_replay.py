"""Code replay: a logged token request is sent again."""

from typing import ClassVar

from simlib.attacks.base import FlowAttack, NotApplicable, Preparation, send
from simlib.attacks.oauth_requests import make_candidates
from simlib.scenario.effects import Context, Flow


class CodeReplay(FlowAttack):
    """Secret and verifier are in the log as well, so that only the single use of codes protects."""

    name: ClassVar[str] = "code_replay"
    summary: ClassVar[str] = "the client's own token request with its code, secret and verifier, sent again"
    source: ClassVar[str] = "RFC 6749 sections 4.1.2 and 10.5, RFC 9700 section 4.5"
    needs: ClassVar[tuple[str, ...]] = ("token_requests",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Send the logged request."""
        logged = [request for request in self.assets.token_requests if b"code=" in request.body]
        if not logged:
            yield from ()
            return NotApplicable("no code is redeemed in this flow")
        answer = yield from send("token", logged[0]._replace(certificate=""))
        return make_candidates(answer, "the token for the old code")
