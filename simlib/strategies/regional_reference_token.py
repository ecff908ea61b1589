"""Reference tokens that name the region where their row is (S24 of data/evidence/strategies.csv)."""

from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Flow
from simlib.strategies.base import Deployment
from simlib.strategies.reference_token import ReferenceToken
from simlib.tokens import regional_token, store_key


class RegionalReferenceToken(ReferenceToken):
    """Whoever holds the secret of the deployment can tell which region to ask, and that a token is not garbage."""

    name: ClassVar[str] = "regional_reference_token"
    summary: ClassVar[str] = "opaque reference that names its region, so that the right AS is asked"
    regional: ClassVar[bool] = True

    @staticmethod
    def operations(settings: Any, deployment: Deployment) -> frozenset[str]:
        """What it charges to a cost profile."""
        return ReferenceToken.operations(settings, deployment) | {"token.hash"}

    def _made(self, entropy: bytes) -> Flow[tuple[str, str]]:
        deployment = self._deployment
        secret = deployment.shared_secret()
        token: str = yield Compute("token.hash", partial(regional_token, deployment.region, entropy, secret))
        key: str = yield Compute("opaque.issue", partial(store_key, token))
        return token, key
