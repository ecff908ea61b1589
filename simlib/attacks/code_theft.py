"""Code theft: the victim's authorization code is redeemed by the attacker, injected, or redeemed again."""

from typing import ClassVar

from simlib.attacks.base import OWN_BROWSER, Candidate, FlowAttack, NotApplicable, Preparation, send
from simlib.attacks.oauth_requests import make_candidates, make_form_request, read_parameters, redeem_code
from simlib.scenario.effects import Answer, Context, Flow


class CodeInterception(FlowAttack):
    """Redirect to the client, intercepted, and its code redeemed by the attacker.

    Intercepted on a phone by an application with the same URI scheme, elsewhere in a log or a referrer.
    """

    name: ClassVar[str] = "code_interception"
    summary: ClassVar[str] = "the redirect to the client is intercepted, and its code redeemed first"
    source: ClassVar[str] = "RFC 7636 section 1, RFC 9700 sections 2.1.1 and 4.2"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Redeem the code of the redirect; the attacker has no secret and no verifier."""
        if not self.assets.fresh_redirect:
            yield from ()
            return NotApplicable("no browser is redirected in this flow")
        parameters = read_parameters(self.assets.fresh_redirect)
        if "access_token" in parameters:
            return (Candidate("the token in the redirect", parameters["access_token"]),)
        answer = yield from redeem_code(self.assets, parameters.get("code", ""), self.assets.redirect_uri)
        return make_candidates(answer, "the token for the code")


class CodeInjection(FlowAttack):
    """The victim's code in the attacker's own session at the client.

    The client redeems the code with its own secret and treats the attacker as the victim.
    """

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


class CodeReplay(FlowAttack):
    """Logged token request, sent again with its secret and verifier, so that only the single use of codes protects."""

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
