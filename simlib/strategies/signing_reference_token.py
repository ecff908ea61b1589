"""Opaque tokens from an authorization server that can also sign: for answers and identity tokens that are JWTs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow
from simlib.scenario.messages import TokenRow
from simlib.strategies.base import Deployment
from simlib.strategies.grant_details import about_user, row_of
from simlib.strategies.jwt_operations import signing, verifying
from simlib.strategies.reference_token import ReferenceToken
from simlib.strategies.signing import Signer, check_key
from simlib.tokens import ALGORITHMS, SigningKey, Verification, header_of, judge_time, key_choice


@dataclass(frozen=True)
class SigningReferenceTokenSettings:
    """``algorithm`` and ``key_bits`` (2048 or 3072, of an RSA key): what the server signs with; no shared secret."""

    algorithm: str = "RS256"
    key_bits: int = 2048

    def __post_init__(self) -> None:
        check_key(self.algorithm, self.key_bits, ALGORITHMS)

    @property
    def choice(self) -> str:
        """The choice of key."""
        return key_choice(self.algorithm, self.key_bits)


class SigningReferenceToken(ReferenceToken):
    """The client's token says nothing; what the server tells others about it can be signed."""

    name: ClassVar[str] = "signing_reference_token"
    summary: ClassVar[str] = "opaque reference, from an AS that also has a key: phantom tokens, signed introspection"
    Settings: ClassVar[type[Any]] = SigningReferenceTokenSettings

    @staticmethod
    def operations(settings: Any, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return ReferenceToken.operations(settings, deployment) | {
            signing(settings.choice, deployment),
            verifying(settings.choice, deployment),
        }

    def __init__(self, settings: Any, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._key = deployment.make_key(settings.choice)
        self._verifying = verifying(settings.choice, deployment)
        self._signer = Signer(self._key, deployment)

    def keys(self) -> tuple[SigningKey, ...]:
        """The one signing key."""
        return (self._key,)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """The row of a reference; a JWT that this server made of one stands for itself until it expires.

        Such a JWT stays among the services, one of which may ask about its user; it lives as any JWT does.
        """
        if header_of(token).get("kid") != self._key.kid:
            return (yield from super().inspect(ctx, token))
        key, issuer = self._key.verification_key, self._deployment.issuer
        verified = yield Compute(self._verifying, Verification(token, key, (key.algorithm,), issuer, None))
        if verified.claims is None or judge_time(verified.claims, ctx.now()) is not None:
            return None
        return row_of(verified.claims, "access", about_user(self._deployment, verified.claims["sub"]))

    def sign(self, ctx: Context, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        """Sign claims under the server's name, as a JWT of that typ."""
        return self._signer(claims, typ)
