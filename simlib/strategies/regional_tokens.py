"""Regional reference tokens: they name the region of their row, and are introspected there with answers cached (S24 of
data/evidence/strategies.csv)."""

from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Failed, Flow
from simlib.strategies.base import DeploymentConfig
from simlib.strategies.introspection_client import Introspection, introspect
from simlib.strategies.opaque_cached import OpaqueCached, OpaqueCachedSettings
from simlib.strategies.reference_token import ReferenceToken
from simlib.tokens import make_regional_token, make_store_key, read_region


class OpaqueRegional(OpaqueCached):
    """Calls the authorization server that has the row; malformed tokens and unknown regions cost no call."""

    name: ClassVar[str] = "opaque_regional"
    summary: ClassVar[str] = "opaque token that names its region, answers of that region's AS kept for a while"

    @staticmethod
    def list_requirements(settings: OpaqueCachedSettings) -> frozenset[str]:
        """List the issuer of tokens that name a region."""
        return OpaqueCached.list_requirements(settings) | {"issuer:regional_reference_token"}

    def __init__(self, settings: OpaqueCachedSettings, deployment: DeploymentConfig) -> None:
        super().__init__(settings, deployment)
        self._secret = deployment.shared_secret()

    def _request(self, ctx: Context, token: str) -> Flow[Introspection | Failed]:
        regions, timeout = self._deployment.regions, self._settings.timeout_s
        if not regions:
            return (yield from introspect(ctx, self._authorization, token, timeout))
        region = yield Compute("token.hash", partial(read_region, token, self._secret))
        if region not in regions:
            return Introspection({"active": False}, ctx.now())
        return (yield from introspect(ctx, self._authorization, token, timeout, f"introspect@{region}"))


class RegionalReferenceToken(ReferenceToken):
    """With the secret of the deployment a resource server finds the region, and detects malformed tokens."""

    name: ClassVar[str] = "regional_reference_token"
    summary: ClassVar[str] = "opaque reference that names its region, so that the right AS is called"
    regional: ClassVar[bool] = True

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return ReferenceToken.list_operations(settings, deployment) | {"token.hash"}

    def _make_token(self, entropy: bytes) -> Flow[tuple[str, str]]:
        deployment = self._deployment
        secret = deployment.shared_secret()
        token: str = yield Compute("token.hash", partial(make_regional_token, deployment.region, entropy, secret))
        key: str = yield Compute("opaque.issue", partial(make_store_key, token))
        return token, key
