"""Stolen refresh token: a refresh token is stolen from the client's storage."""

from typing import ClassVar

from simlib.attacks.base import (
    AttackerAssets,
    Candidate,
    FlowAttack,
    NotApplicable,
    Preparation,
    PreparationFailure,
    send,
)
from simlib.attacks.oauth_requests import make_form_request, read_json
from simlib.scenario.effects import Answer, Context, Flow, Reply


class StolenRefreshToken(FlowAttack):
    """Redeems it before its owner does, and again whenever the access token has expired."""

    name: ClassVar[str] = "stolen_refresh_token"
    summary: ClassVar[str] = "the victim's refresh token, redeemed repeatedly"
    source: ClassVar[str] = "RFC 6749 section 10.4, RFC 9700 sections 2.2.2 and 4.14"
    needs: ClassVar[tuple[str, ...]] = ("refresh_token", "refresh_tokens_exist")

    def __init__(self, assets: AttackerAssets) -> None:
        super().__init__(assets)
        self._refresh_token = assets.refresh_token

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Redeem it for the first time."""
        if not self._refresh_token:
            if self.assets.refresh_tokens_exist:
                return PreparationFailure("refresh tokens never leave the backend")
            return NotApplicable("this flow issues no refresh token")
        token = yield from self._refresh()
        return (Candidate("tokens for the refresh token", [token]),) if token else PreparationFailure()

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present the access token; when it has expired, refresh and present the new one."""
        answer = yield from self.assets.as_client(candidate.value[0])
        if isinstance(answer, Reply) and answer.status == 401:
            token = yield from self._refresh()
            if token:
                candidate.value[0] = token
                return (yield from self.assets.as_client(token))
        return answer

    def _refresh(self) -> Flow[str]:
        fields = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": self.assets.client_id,
        }
        tokens = read_json((yield from self.assets.by_own_key(send("token", make_form_request(**fields)))))
        self._refresh_token = tokens.get("refresh_token", self._refresh_token)
        return str(tokens.get("access_token", ""))
