"""Operations of token formats that need an optional package: how they are measured, described and derived.

A further format needs one entry in `OPTIONAL_OPERATIONS`; the campaign and derived profiles read it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simlib.calibration.clock import Operation
from simlib.calibration.inputs import AUDIENCE, DIFFERENT, ISSUER, cycle_inputs, make_claims
from simlib.tokens import (
    ENCRYPTED,
    KEY_MANAGEMENT,
    PASETO,
    PasetoVerification,
    TokenFormat,
    decrypt,
    encrypt,
    generate_encryption_key,
    generate_signing_key,
    read_paseto_kid,
    sign_access_token,
    sign_paseto,
)


@dataclass(frozen=True)
class FormatOperations:
    """Operations of one token format.

    ``note`` describes them in the head of a profile. ``proxies``: operation -> operation on a JWT of the same
    arithmetic, on the same curve or with the same half of an RSA key.
    """

    token_format: TokenFormat
    note: str
    proxies: Mapping[str, str]
    list_operations: Callable[[], list[Operation]]

    @property
    def rows(self) -> str:
        """Pattern of its rows in a profile."""
        return f"{self.token_format.operations}*"


def _list_encryption_operations() -> list[Operation]:
    signing = generate_signing_key("ES256", "calibration")
    tokens = [sign_access_token(make_claims(number), signing) for number in range(DIFFERENT)]
    return [operation for name in KEY_MANAGEMENT for operation in _list_encryption_of(name, tokens)]


def _list_encryption_of(algorithm: str, tokens: list[str]) -> list[Operation]:
    key = generate_encryption_key(algorithm, "calibration")
    encrypted = [encrypt(token, key) for token in tokens]
    return [
        Operation(f"jwe.encrypt.{algorithm}", cycle_inputs(lambda token: encrypt(token, key), tokens)),
        Operation(f"jwe.decrypt.{algorithm}", cycle_inputs(lambda token: decrypt(token, key), encrypted)),
    ]


def _list_paseto_operations() -> list[Operation]:
    key = generate_signing_key("EdDSA", "calibration")
    keys = {key.kid: key.verification_key}
    claims = [make_claims(number) for number in range(DIFFERENT)]

    def verify(token: str) -> object:
        return PasetoVerification(token, keys[str(read_paseto_kid(token))], ISSUER, AUDIENCE)()

    return [
        Operation("paseto.sign", cycle_inputs(lambda claim_set: sign_paseto(claim_set, key), claims)),
        Operation("paseto.verify", cycle_inputs(verify, [sign_paseto(claim_set, key) for claim_set in claims])),
    ]


OPTIONAL_OPERATIONS = (
    FormatOperations(
        ENCRYPTED,
        "jwe.* around an ES256 token of ten claims, content A256GCM",
        {
            "jwe.decrypt.ECDH-ES+A256KW": "jwt.sign.ES256",
            "jwe.decrypt.RSA-OAEP-256": "jwt.sign.RS256",
            "jwe.encrypt.ECDH-ES+A256KW": "jwt.sign.ES256",
            "jwe.encrypt.RSA-OAEP-256": "jwt.verify.RS256",
        },
        _list_encryption_operations,
    ),
    FormatOperations(
        PASETO,
        "paseto.* is v4.public with ten claims",
        {"paseto.sign": "jwt.sign.EdDSA", "paseto.verify": "jwt.verify.EdDSA"},
        _list_paseto_operations,
    ),
)


def list_optional_operations() -> list[Operation]:
    """List the operations of all formats whose packages are installed."""
    installed = (each for each in OPTIONAL_OPERATIONS if each.token_format.is_installed)
    return [operation for each in installed for operation in each.list_operations()]
