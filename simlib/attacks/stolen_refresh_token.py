"""A refresh token was taken from where the client keeps it."""

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
    """Used before its owner uses it again, and from then on whenever the access token has ended."""

    name: ClassVar[str] = "stolen_refresh_token"
    summary: ClassVar[str] = "somebody else's refresh token, redeemed again and again"
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
            return NotApplicable("this flow gives no refresh token")
        token = yield from self._refresh()
        return (Candidate("tokens for the refresh token", [token]),) if token else PreparationFailure()

    def attempt(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present what there is; when that has ended, refresh and present again."""
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
