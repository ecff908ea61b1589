"""The victim's browser is sent to the client with the attacker's code."""

from typing import ClassVar

from simlib.attacks.base import BROWSER, Candidate, FlowAttack, NotApplicable, Preparation, send
from simlib.attacks.oauth_requests import (
    build_authorization_request,
    make_form_request,
    make_proof_key,
    read_parameters,
)
from simlib.scenario.effects import Answer, Context, Flow, Reply


class LoginCsrf(FlowAttack):
    """The victim goes on under the attacker's account, and leaves there what it types in."""

    name: ClassVar[str] = "login_csrf"
    summary: ClassVar[str] = "a link with the attacker's code makes the victim's client sign in as the attacker"
    source: ClassVar[str] = "RFC 6749 section 10.12, RFC 9700 sections 2.1 and 4.7"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)
    single_use: ClassVar[bool] = True

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Sign in at the server oneself, with and without a challenge, and keep the redirects."""
        if not self.assets.fresh_redirect:
            return NotApplicable("this client waits for no redirect")
        _, challenge = make_proof_key(ctx)
        typed = {"login": self.assets.login, "password": self.assets.password}
        found = []
        for label, proof in (("a code without challenge", ""), ("a code with the attacker's challenge", challenge)):
            asked = build_authorization_request(self.assets, self.assets.redirect_uri, proof, **typed)
            answer = yield from send("authorize", make_form_request(**asked))
            location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 302 else ""
            if "code" in read_parameters(location):
                found.append(Candidate(label, location))
        return tuple(found) or NotApplicable("this client is given no codes")

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send the link."""
        return send(BROWSER, make_form_request(step="redirect", location=candidate.value))
