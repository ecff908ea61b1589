"""The resource server's part of the encrypted JWT: decrypt with its own key, then verify as any JWT."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.base import Deployment, Presented, TokenFormat
from simlib.strategies.checks import check_jwe
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_local import JwtLocal, JwtLocalSettings
from simlib.tokens import KEY_MANAGEMENT, decrypt


@dataclass(frozen=True)
class EncryptedLocalSettings(JwtLocalSettings):
    """``key_management``: the one that is accepted, whatever the header says; the rest is of jwt_local. Needs the
    package joserfc.
    """

    key_management: str = KEY_MANAGEMENT[0]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_jwe(self.key_management)


class EncryptedLocal(JwtLocal):
    """What is inside has to stand up by itself: that it could be decrypted says nothing about who made it."""

    name: ClassVar[str] = "encrypted_jwt"
    summary: ClassVar[str] = "encrypted JWT, decrypted with the key of the RS and verified with those of the AS"
    token_format: ClassVar[TokenFormat | None] = "encrypted"
    Settings: ClassVar[type[Any]] = EncryptedLocalSettings

    @staticmethod
    def operations(settings: EncryptedLocalSettings, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return JwtLocal.operations(settings, deployment) | {f"jwe.decrypt.{settings.key_management}"}

    def __init__(self, settings: EncryptedLocalSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._decrypting = f"jwe.decrypt.{settings.key_management}"
        self._decryption_key = deployment.encryption_key(settings.key_management, deployment.audience)

    def validate(self, ctx: Context, state: KeyCache, presented: Presented) -> Flow[Verdict]:
        """Decrypt, find the key, verify the bytes, judge the claims."""
        if not presented.token:
            return refusals.no_token()
        opened = yield Compute(self._decrypting, partial(decrypt, presented.token, self._decryption_key))
        if opened.token is None:
            return refusals.invalid_token(opened.reason)
        return (yield from self._verify(ctx, state, opened.token, presented.scope))
