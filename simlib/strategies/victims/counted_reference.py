"""A victim: opaque tokens that are counted instead of drawn (RFC 6749 section 10.10)."""

from functools import partial
from itertools import count
from typing import Any, ClassVar

from simlib.scenario.effects import Compute, Flow
from simlib.strategies.base import Deployment
from simlib.strategies.reference_token import ReferenceToken
from simlib.tokens import opaque_token, store_key

FIRST = 4_711


class CountedReference(ReferenceToken):
    """Whoever has one token knows its neighbours."""

    name: ClassVar[str] = "counted_reference"
    summary: ClassVar[str] = "victim: opaque references that follow one another like numbers"
    refused: ClassVar[str] = "tokens could be guessed from one's own (RFC 6749 section 10.10); use reference_token"

    instead: ClassVar[str] = "reference_token"

    def __init__(self, settings: Any, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._numbers = count(FIRST)

    def _made(self, entropy: bytes) -> Flow[tuple[str, str]]:
        token = opaque_token(next(self._numbers).to_bytes(len(entropy), "big"))
        key: str = yield Compute("opaque.issue", partial(store_key, token))
        return token, key
