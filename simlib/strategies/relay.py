"""A gateway that leaves tokens alone: it costs its hop and its own work, and the services check."""

from dataclasses import dataclass
from typing import ClassVar

from simlib.strategies.base import DeploymentConfig, TokenFormat


@dataclass(frozen=True)
class RelaySettings:
    """Nothing to choose."""


class Relay:
    """Passes every request on as it came, with its proofs; what a reverse proxy does that knows nothing of tokens."""

    name: ClassVar[str] = "relay"
    summary: ClassVar[str] = "the gateway passes tokens on unchecked, and the services check them"
    token_format: ClassVar[TokenFormat | None] = None
    checks: ClassVar[bool] = False
    Settings: ClassVar[type[RelaySettings]] = RelaySettings

    @staticmethod
    def list_operations(settings: RelaySettings, deployment: DeploymentConfig) -> frozenset[str]:
        """It charges nothing to a cost profile."""
        return frozenset()
