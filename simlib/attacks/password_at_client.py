"""Password theft by the client, which is malicious or compromised."""

from typing import ClassVar
from urllib.parse import parse_qs

from simlib.attacks.base import FlowAttack, Preparation, PreparationFailure, send
from simlib.attacks.oauth_requests import (
    build_authorization_request,
    make_candidates,
    make_form_request,
    make_proof_key,
    read_parameters,
    redeem_code,
)
from simlib.scenario.effects import Context, Flow, Reply


class PasswordAtClient(FlowAttack):
    """With the password it signs in as the user at any time and for any scope."""

    name: ClassVar[str] = "password_at_client"
    summary: ClassVar[str] = "the client finds the user's password in its own requests, and signs in with it"
    source: ClassVar[str] = "RFC 9700 section 2.4, RFC 6749 section 10.7"
    needs: ClassVar[tuple[str, ...]] = ("token_requests", "client_authorization")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Search the client's requests for the password, and sign in as the user by the client's own flow."""
        forms = [parse_qs(request.body.decode("ascii", "replace")) for request in self.assets.token_requests]
        form = next((fields for fields in forms if "password" in fields), None)
        if form is None:
            return PreparationFailure("no password passes through the client")
        verifier, challenge = make_proof_key(ctx)
        login = {"login": form["username"][0], "password": form["password"][0]}
        parameters = build_authorization_request(self.assets, self.assets.redirect_uri, challenge, **login)
        answer = yield from send("authorize", make_form_request(**parameters))
        location = answer.body.decode() if isinstance(answer, Reply) and answer.status == 302 else ""
        code = read_parameters(location).get("code", "")
        authorization = self.assets.client_authorization
        redeemed = yield from redeem_code(self.assets, code, self.assets.redirect_uri, verifier, authorization)
        return make_candidates(redeemed, "a token of a sign-in with the password")
