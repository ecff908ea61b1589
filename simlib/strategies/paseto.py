"""PASETO access tokens, version 4 public: issued by the authorization server, verified by the resource server with its
keys (S23 of data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Flow
from simlib.strategies.base import DeploymentConfig, check_numbers, check_package
from simlib.strategies.issuing import SelfContainedIssuer
from simlib.strategies.jwks_client import JwksSettings, KeyCache
from simlib.strategies.local_validator import LocalValidator
from simlib.strategies.verdicts import ClaimTimeSettings
from simlib.tokens import (
    PASETO,
    PasetoVerification,
    SigningKey,
    TokenFormat,
    VerificationKey,
    read_paseto_kid,
    sign_paseto,
)

KEY_CHOICE = "EdDSA"


@dataclass(frozen=True)
class PasetoIssuerSettings:
    """Nothing to choose: the version of the format decides the algorithm, Ed25519. Needs the package pyseto."""

    def __post_init__(self) -> None:
        check_package("paseto", PASETO)


class PasetoIssuer(SelfContainedIssuer):
    """Like a JWT without a choice of algorithm; stored only when it is revoked."""

    name: ClassVar[str] = "paseto"
    summary: ClassVar[str] = "signed PASETO v4.public access token (Ed25519)"
    token_format: ClassVar[TokenFormat | None] = PASETO
    Settings: ClassVar[type[PasetoIssuerSettings]] = PasetoIssuerSettings

    @staticmethod
    def list_operations(settings: PasetoIssuerSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"paseto.sign", "paseto.verify"})

    def __init__(self, settings: PasetoIssuerSettings, deployment: DeploymentConfig) -> None:
        super().__init__(deployment)
        self._key = deployment.make_key(KEY_CHOICE)

    def list_keys(self) -> tuple[SigningKey, ...]:
        """List the one signing key."""
        return (self._key,)

    def _sign_claims(self, claims: Mapping[str, Any]) -> Flow[str]:
        token: str = yield Compute("paseto.sign", partial(sign_paseto, claims, self._key))
        return token

    def _read(self, token: str) -> Flow[Mapping[str, Any] | None]:
        if read_paseto_kid(token) != self._key.kid:
            return None
        verification = PasetoVerification(token, self._key.verification_key, self._deployment.issuer, None)
        verified = yield Compute("paseto.verify", verification)
        claims: Mapping[str, Any] | None = verified.claims
        return claims


@dataclass(frozen=True)
class PasetoValidatorSettings(ClaimTimeSettings, JwksSettings):
    """``timeout_s`` bounds one fetch of the key set. ``leeway_s``, ``refuse_future_iat`` and ``at_expiry`` are about
    the times in claims, see `simlib.strategies.verdicts.ClaimTimeSettings`. The others are about the key set, see
    `simlib.strategies.jwks_client.JwksSettings`. Needs the package pyseto.
    """

    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        check_package("paseto", PASETO)
        JwksSettings.__post_init__(self)
        ClaimTimeSettings.__post_init__(self)
        check_numbers(self, positive=("timeout_s",))


class PasetoValidator(LocalValidator):
    """Checks signature, issuer, audience, time and scope; there is no algorithm to choose."""

    name: ClassVar[str] = "paseto"
    summary: ClassVar[str] = "PASETO v4.public access token, verified by the RS with the keys of the AS"
    token_format: ClassVar[TokenFormat | None] = PASETO
    Settings: ClassVar[type[PasetoValidatorSettings]] = PasetoValidatorSettings

    @staticmethod
    def list_operations(settings: PasetoValidatorSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"paseto.verify", "claims.check", "jwks.serve", "jwks.parse"})

    def _find_key(self, ctx: Context, state: KeyCache, token: str) -> Flow[VerificationKey | None]:
        return self._keys.find_key(ctx, state, read_paseto_kid(token))

    def _name_operation(self, key: VerificationKey) -> str:
        return "paseto.verify"

    def _build_verification(self, token: str, key: VerificationKey) -> PasetoVerification:
        return PasetoVerification(token, key, self._deployment.issuer, self._deployment.audience)
