"""A victim: introspects, and takes every answer for a yes (RFC 7662 section 4)."""

from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Context, Failed, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies import refusals
from simlib.strategies.base import Bound, Presented
from simlib.strategies.introspection import introspect
from simlib.strategies.opaque_introspection import OpaqueIntrospection


class IgnoredActive(OpaqueIntrospection):
    """Asks at every request; an answer of status 200 is enough for it."""

    name: ClassVar[str] = "ignored_active"
    summary: ClassVar[str] = 'victim: opaque token, introspected, but "active" in the answer is not looked at'
    refused: ClassVar[str] = 'every text would be a token, since only "active" tells; use opaque_introspection'
    instead: ClassVar[str] = "opaque_introspection"
    Settings: ClassVar[type[Any]] = OpaqueIntrospection.Settings

    def bound(self) -> Bound:
        """Nothing is promised."""
        return Bound(float("inf"), float("inf"))

    def validate(self, ctx: Context, state: None, presented: Presented) -> Flow[Verdict]:
        """Ask, and accept."""
        if not presented.token:
            return refusals.no_token()
        asked = yield from introspect(ctx, self._authorization, presented.token, self._settings.timeout_s)
        if isinstance(asked, Failed):
            return refusals.cannot_tell("introspection_" + asked.reason)
        yield Compute("claims.check")
        return Verdict(True, claims=asked.answer, based_on=asked.asked_at)
