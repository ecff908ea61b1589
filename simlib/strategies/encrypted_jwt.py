"""Encrypted JWT: signed, then encrypted to its audience (S14 of data/evidence/strategies.csv; RFC 7516).

The resource server decrypts with its own key, then verifies as any JWT."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Call, Compute, Context, Flow, Verdict
from simlib.scenario.messages import StorePut
from simlib.strategies.base import DeploymentConfig, Grant, Issued, PresentedToken, check_one_of, check_package
from simlib.strategies.issuing import build_claims
from simlib.strategies.jwks_client import KeyCache
from simlib.strategies.jwt_local import JwtLocal, JwtLocalSettings
from simlib.strategies.reference_token import SigningReferenceToken, SigningReferenceTokenSettings
from simlib.strategies.verdicts import refuse_invalid_token, refuse_missing_token
from simlib.tokens import (
    ACCESS_TOKEN_TYPE,
    ENCRYPTED,
    KEY_MANAGEMENT,
    TokenFormat,
    decrypt,
    encrypt,
    from_numeric_date,
    make_store_key,
)


@dataclass(frozen=True)
class EncryptionSettings:
    """``key_management``: RSA-OAEP-256 (slow to decrypt) or ECDH-ES+A256KW, for the key of the content, which is
    encrypted with A256GCM. Needs the package joserfc.
    """

    key_management: str = KEY_MANAGEMENT[0]

    def __post_init__(self) -> None:
        check_one_of("key_management", self.key_management, KEY_MANAGEMENT)
        check_package("encrypted_jwt", ENCRYPTED)


@dataclass(frozen=True)
class EncryptedJwtIssuerSettings(EncryptionSettings, SigningReferenceTokenSettings):
    """``algorithm`` and ``key_bits``: the signature inside. ``key_management``: see `EncryptionSettings`."""

    def __post_init__(self) -> None:
        SigningReferenceTokenSettings.__post_init__(self)
        EncryptionSettings.__post_init__(self)


class EncryptedJwtIssuer(SigningReferenceToken):
    """Only its audience can read the token; the server, which lacks that key, finds it by its hash."""

    name: ClassVar[str] = "encrypted_jwt"
    summary: ClassVar[str] = "JWT access token, signed and then encrypted to the RS"
    token_format: ClassVar[TokenFormat | None] = ENCRYPTED
    Settings: ClassVar[type[Any]] = EncryptedJwtIssuerSettings

    @staticmethod
    def list_operations(settings: EncryptedJwtIssuerSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        signing = SigningReferenceToken.list_operations(settings, deployment) - {"opaque.issue"}
        return signing | {f"jwe.encrypt.{settings.key_management}", "token.hash"}

    def __init__(self, settings: EncryptedJwtIssuerSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._key_management = settings.key_management

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Sign, encrypt, and write a row under the hash of the result."""
        claims = build_claims(ctx, grant, self._deployment)
        signed = yield from self._signer(claims, ACCESS_TOKEN_TYPE)
        audience = grant.audience or self._deployment.audience
        key = self._deployment.encryption_key(self._key_management, audience)
        token = yield Compute(f"jwe.encrypt.{self._key_management}", partial(encrypt, signed, key))
        hashed = yield Compute("token.hash", partial(make_store_key, token))
        issued_at, expires_at = from_numeric_date(claims["iat"]), from_numeric_date(claims["exp"])
        yield Call("store", StorePut(hashed, self._build_row(grant, issued_at, expires_at)))
        return Issued(token, grant.subject, issued_at, expires_at)


@dataclass(frozen=True)
class EncryptedJwtValidatorSettings(EncryptionSettings, JwtLocalSettings):
    """``key_management``: the one that is accepted, whatever the header says, see `EncryptionSettings`; the rest is of
    jwt_local.
    """

    def __post_init__(self) -> None:
        JwtLocalSettings.__post_init__(self)
        EncryptionSettings.__post_init__(self)


class EncryptedJwtValidator(JwtLocal):
    """The JWT inside is verified as any other: successful decryption does not authenticate its issuer."""

    name: ClassVar[str] = "encrypted_jwt"
    summary: ClassVar[str] = "encrypted JWT, decrypted with the key of the RS and verified with those of the AS"
    token_format: ClassVar[TokenFormat | None] = ENCRYPTED
    Settings: ClassVar[type[Any]] = EncryptedJwtValidatorSettings

    @staticmethod
    def list_operations(settings: EncryptedJwtValidatorSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return JwtLocal.list_operations(settings, deployment) | {f"jwe.decrypt.{settings.key_management}"}

    def __init__(self, settings: EncryptedJwtValidatorSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._decrypting = f"jwe.decrypt.{settings.key_management}"
        self._decryption_key = deployment.encryption_key(settings.key_management, deployment.audience)

    def validate(self, ctx: Context, state: KeyCache, presented: PresentedToken) -> Flow[Verdict]:
        """Decrypt, find the key, verify the bytes, judge the claims."""
        if not presented.token:
            return refuse_missing_token()
        opened = yield Compute(self._decrypting, partial(decrypt, presented.token, self._decryption_key))
        if opened.token is None:
            return refuse_invalid_token(opened.reason)
        return (yield from self._verify(ctx, state, opened.token, presented.scope))
