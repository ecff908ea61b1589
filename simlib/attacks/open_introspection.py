"""Open introspection: a caller that is no resource server introspects a token."""

from base64 import b64encode
from typing import ClassVar

from simlib.attacks.base import Candidate, Preparation, TokenAttack, send
from simlib.attacks.oauth_requests import make_form_request
from simlib.scenario.effects import Answer, Context, Flow


class OpenIntrospection(TokenAttack):
    """An open endpoint reveals the claims of tokens, and whether a guessed token is valid."""

    name: ClassVar[str] = "open_introspection"
    summary: ClassVar[str] = "introspection of a stolen token, without credentials or with made-up ones"
    source: ClassVar[str] = "RFC 7662 sections 2.1 and 4; CVE-2026-37979"
    needs: ClassVar[tuple[str, ...]] = ("stolen_request",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Choose the credentials."""
        yield from ()
        made_up = "Basic " + b64encode(b"resource-server:secret").decode()
        return (Candidate("without credentials", ""), Candidate("with made-up credentials", made_up))

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Introspect the stolen token."""
        return send("introspect", make_form_request(candidate.value, token=self.assets.stolen_token))
