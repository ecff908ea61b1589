"""The client itself is malicious, or broken into, and uses everything that passes through it."""

from typing import ClassVar
from urllib.parse import parse_qs

from simlib.attacks.base import OnFlows, Preparation, Thwarted, send
from simlib.attacks.forms import asking, form, own_proof_key, parameters_of, redeem, won
from simlib.scenario.effects import Context, Flow, Reply


class PasswordAtClient(OnFlows):
    """With the password it signs in as the user, whenever and for whatever it likes."""

    name: ClassVar[str] = "password_at_client"
    summary: ClassVar[str] = "the client looks for the user's password in what it sends itself, and signs in with it"
    source: ClassVar[str] = "RFC 9700 section 2.4, RFC 6749 section 10.7"
    needs: ClassVar[tuple[str, ...]] = ("token_requests", "client_authorization")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Search, and sign in as the user by the client's own flow."""
        typed = [parse_qs(request.body.decode("ascii", "replace")) for request in self.loot.token_requests]
        found = next((fields for fields in typed if "password" in fields), None)
        if found is None:
            return Thwarted("no password passes through the client")
        verifier, challenge = own_proof_key(ctx)
        login = {"login": found["username"][0], "password": found["password"][0]}
        asked = asking(self.loot, self.loot.redirect_uri, challenge, **login)
        answer = yield from send("authorize", form(**asked))
        location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 302 else ""
        code = parameters_of(location).get("code", "")
        authorization = self.loot.client_authorization
        redeemed = yield from redeem(self.loot, code, self.loot.redirect_uri, verifier, authorization)
        return won(redeemed, "a token of a sign-in with the password")
