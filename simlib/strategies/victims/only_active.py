"""A victim: introspects and looks at nothing but ``active`` (RFC 7662 section 4, RFC 8725 section 3.9)."""

from typing import Any, ClassVar

from simlib.scenario.effects import Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies.base import Presented
from simlib.strategies.opaque_introspection import OpaqueIntrospection


class OnlyActive(OpaqueIntrospection):
    """Takes tokens that were made out to another API."""

    name: ClassVar[str] = "only_active"
    summary: ClassVar[str] = "victim: opaque token, introspected, but its audience, time and scope are not looked at"
    refused: ClassVar[str] = "tokens for any other API would be accepted (RFC 7662 section 4); use opaque_introspection"
    instead: ClassVar[str] = "opaque_introspection"
    Settings: ClassVar[type[Any]] = OpaqueIntrospection.Settings

    def validate(self, ctx: Context, state: None, presented: Presented) -> Flow[Verdict]:
        """The sound verdict, unless it refuses for another reason than ``active``."""
        verdict = yield from super().validate(ctx, state, presented)
        if verdict.accepted or verdict.status == 503 or verdict.reason in ("inactive", "no_token"):
            return verdict
        return Verdict(True, claims={}, based_on=verdict.based_on)
