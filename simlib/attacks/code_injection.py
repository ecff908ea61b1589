"""Code injection: the victim's code is put into the attacker's own session at the client."""

from typing import ClassVar

from simlib.attacks.base import OWN_BROWSER, Candidate, FlowAttack, NotApplicable, Preparation, send
from simlib.attacks.oauth_requests import make_form_request, read_parameters
from simlib.scenario.effects import Answer, Context, Flow


class CodeInjection(FlowAttack):
    """The client redeems the code with its own secret and treats the attacker as the victim."""

    name: ClassVar[str] = "code_injection"
    summary: ClassVar[str] = "the victim's code, in the redirect of the attacker's own sign-in at the client"
    source: ClassVar[str] = "RFC 9700 sections 2.1.1 and 4.5"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)
    single_use: ClassVar[bool] = True

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Read the code in the redirect."""
        yield from ()
        code = read_parameters(self.assets.fresh_redirect).get("code", "")
        return (Candidate("the victim's code", code),) if code else NotApplicable("there is no code in this flow")

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Sign in at the client, and replace the code in the redirect."""
        return send(OWN_BROWSER, make_form_request(code=candidate.value))
