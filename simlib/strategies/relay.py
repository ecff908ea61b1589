"""Relay gateway: it forwards tokens unchecked, and the services check them; it costs its hop and its own work."""

from dataclasses import dataclass
from typing import ClassVar

from simlib.strategies.base import DeploymentConfig
from simlib.tokens import TokenFormat


@dataclass(frozen=True)
class RelaySettings:
    """Nothing to choose."""


class Relay:
    """Forwards every request unchanged, with its proofs, as a reverse proxy without token handling does."""

    name: ClassVar[str] = "relay"
    summary: ClassVar[str] = "the gateway passes tokens on unchecked, and the services check them"
    token_format: ClassVar[TokenFormat | None] = None
    checks: ClassVar[bool] = False
    Settings: ClassVar[type[RelaySettings]] = RelaySettings

    @staticmethod
    def list_operations(settings: RelaySettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List no operations."""
        return frozenset()
