"""A victim: looks at DPoP proofs and forgets them at once (RFC 9449 section 11.1)."""

from typing import ClassVar

from simlib.scenario.effects import Context, Flow
from simlib.scenario.verdict import Verdict
from simlib.strategies.around import Around, AroundValidator
from simlib.strategies.base import Presented
from simlib.strategies.dpop import Dpop
from simlib.strategies.roles import Validator


class ForgetfulDpop(Dpop):
    """Takes the same proof as often as it comes, as long as it is young enough."""

    name: ClassVar[str] = "forgetful_dpop"
    summary: ClassVar[str] = "victim: token bound to a key of the client, but a proof is good for many requests"
    refused: ClassVar[str] = "whoever has seen a request could repeat it (RFC 9449 section 11.1); use dpop"

    instead: ClassVar[str] = "dpop"

    def around_validator(self, validator: Validator) -> Validator:
        """Each request is the first one."""
        return _Forgetting(super().around_validator(validator))


class _Forgetting(AroundValidator):
    def validate(self, ctx: Context, state: Around, presented: Presented) -> Flow[Verdict]:
        """With a memory in which no proof is."""
        known: Around = state.inner
        nothing: Around = self.inner.initial_state()
        return (yield from self.inner.validate(ctx, Around(nothing.own, known.inner), presented))
