"""Signing by the authorization server: which keys may be chosen, the signer, and its operations in a cost profile.

An operation is named by the choice of key and by the size of the claims."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Compute, Flow
from simlib.scenario.profile import name_sized_operation
from simlib.strategies.base import DeploymentConfig, check_one_of
from simlib.tokens import RSA_ALGORITHMS, RSA_BITS, SharedSecret, SigningKey, build_access_token_claims, sign_jwt

# As long as those of real tokens: the numbers of users and the hexadecimal jti have fixed widths.
_SUBJECT, _CLIENT, _JTI = "user-000000", "client", "0" * 32


def name_signing(choice: str, deployment: DeploymentConfig) -> str:
    """Name the operation that signs with a key of that choice."""
    return name_sized_operation(f"jwt.sign.{choice}", count_payload_bytes(deployment))


def name_verification(choice: str, deployment: DeploymentConfig) -> str:
    """Name the operation that verifies with a key of that choice."""
    return name_sized_operation(f"jwt.verify.{choice}", count_payload_bytes(deployment))


def count_payload_bytes(deployment: DeploymentConfig) -> int:
    """Count the bytes of the claims of one token as JSON; all tokens of a deployment are taken to be as long."""
    extra = deployment.user_claims(_SUBJECT) if deployment.user_information == "token" else {}
    claims = build_access_token_claims(
        deployment.issuer, deployment.audience, _SUBJECT, _CLIENT, deployment.scope, 0.0, 300.0, _JTI, extra
    )
    return len(json.dumps(claims, separators=(",", ":")).encode())


def check_key(algorithm: str, key_bits: int, allowed: tuple[str, ...]) -> None:
    """Refuse an algorithm that is not allowed, and a size that its keys do not come in."""
    check_one_of("algorithm", algorithm, allowed)
    if key_bits not in RSA_BITS:
        raise ValueError(f"key_bits must be {' or '.join(map(str, RSA_BITS))}")
    if key_bits != RSA_BITS[0] and algorithm not in RSA_ALGORITHMS:
        raise ValueError(f"key_bits must be left out with {algorithm}: only RSA keys come in sizes")


class Signer:
    """Signs JWTs with the key of the server."""

    def __init__(self, key: SigningKey | SharedSecret, deployment: DeploymentConfig) -> None:
        self.key = key
        self.operation = name_signing(key.choice, deployment)

    def __call__(self, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        """Sign the claims as a JWT of that ``typ``."""
        token: str = yield Compute(self.operation, partial(sign_jwt, claims, self.key, typ))
        return token
