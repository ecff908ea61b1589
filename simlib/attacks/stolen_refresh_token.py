"""A refresh token was taken from where the client keeps it."""

from typing import ClassVar

from simlib.attacks.base import Candidate, Inapplicable, Loot, OnFlows, Preparation, Thwarted, send
from simlib.attacks.forms import form, read
from simlib.scenario.effects import Answer, Context, Flow, Reply


class StolenRefreshToken(OnFlows):
    """Used before its owner uses it again, and from then on whenever the access token has ended."""

    name: ClassVar[str] = "stolen_refresh_token"
    summary: ClassVar[str] = "somebody else's refresh token, redeemed again and again"
    source: ClassVar[str] = "RFC 6749 section 10.4, RFC 9700 sections 2.2.2 and 4.14"
    needs: ClassVar[tuple[str, ...]] = ("refresh_token", "refresh_tokens_exist")

    def __init__(self, loot: Loot) -> None:
        super().__init__(loot)
        self._refresh_token = loot.refresh_token

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Redeem it for the first time."""
        if not self._refresh_token:
            if self.loot.refresh_tokens_exist:
                return Thwarted("refresh tokens never leave the backend")
            return Inapplicable("this flow gives no refresh token")
        token = yield from self._refresh()
        return (Candidate("tokens for the refresh token", [token]),) if token else Thwarted()

    def strike(self, ctx: Context, candidate: Candidate) -> Flow[Answer]:
        """Present what there is; when that has ended, refresh and present again."""
        answer = yield from self.loot.as_client(candidate.value[0])
        if isinstance(answer, Reply) and answer.status == 401:
            token = yield from self._refresh()
            if token:
                candidate.value[0] = token
                return (yield from self.loot.as_client(token))
        return answer

    def _refresh(self) -> Flow[str]:
        fields = {"grant_type": "refresh_token", "refresh_token": self._refresh_token, "client_id": self.loot.client_id}
        tokens = read((yield from self.loot.by_own_key(send("token", form(**fields)))))
        self._refresh_token = tokens.get("refresh_token", self._refresh_token)
        return str(tokens.get("access_token", ""))
