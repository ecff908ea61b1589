"""The key that an authorization server signs with: which choices there are, and signing as an effect."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Compute, Flow
from simlib.strategies.base import Deployment
from simlib.strategies.checks import one_of
from simlib.strategies.jwt_operations import signing
from simlib.tokens import RSA_ALGORITHMS, RSA_BITS, SharedSecret, SigningKey, sign_jwt


def check_key(algorithm: str, key_bits: int, allowed: tuple[str, ...]) -> None:
    """Refuse an algorithm that is not allowed, and a size that its keys do not come in."""
    one_of("algorithm", algorithm, allowed)
    if key_bits not in RSA_BITS:
        raise ValueError(f"key_bits must be {' or '.join(map(str, RSA_BITS))}")
    if key_bits != RSA_BITS[0] and algorithm not in RSA_ALGORITHMS:
        raise ValueError(f"key_bits must be left out with {algorithm}: only RSA keys come in sizes")


class Signer:
    """Signs whatever the server has to say under its name."""

    def __init__(self, key: SigningKey | SharedSecret, deployment: Deployment) -> None:
        self.key = key
        self.operation = signing(key.choice, deployment)

    def __call__(self, claims: Mapping[str, Any], typ: str) -> Flow[str]:
        """The claims as a signed JWT of that typ."""
        token: str = yield Compute(self.operation, partial(sign_jwt, claims, self.key, typ))
        return token
