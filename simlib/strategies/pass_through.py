"""Pass-through: tokens that are forwarded unchanged, by a relay gateway or by a service that calls others.

The relay checks nothing and costs its hop and its own work. Services pass on the token that they received (S18 of
data/evidence/strategies.csv).
"""

from dataclasses import dataclass
from typing import ClassVar

from simlib.scenario.effects import Context, Failed, Flow
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


@dataclass(frozen=True)
class PassThroughSettings:
    """Nothing to choose."""


class PassThrough:
    """One token and one audience for the whole chain, so each service could call the others as the user."""

    name: ClassVar[str] = "pass_through"
    summary: ClassVar[str] = "services pass on the token that they get; it is validated again at each"
    token_format: ClassVar[TokenFormat | None] = None
    own_audiences: ClassVar[bool] = False
    Settings: ClassVar[type[PassThroughSettings]] = PassThroughSettings

    @staticmethod
    def list_operations(settings: PassThroughSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List no operations."""
        return frozenset()

    def __init__(self, settings: PassThroughSettings, deployment: DeploymentConfig) -> None:
        """Needs no configuration."""

    def create_state(self) -> None:
        """Create no state."""

    def obtain_credential(self, ctx: Context, state: None, token: str, audience: str) -> Flow[str | Failed]:
        """Return the same token."""
        yield from ()
        return token
