"""Random numbers by owner: one uniform per (seed, replication, purpose, subject, ordinal).

A variate does not depend on the order of calls, so all designs of a scenario have the same arrivals and the same
service times, and a new feature does not change the old numbers. A purpose names use and place of the variate, such as
"authorization_server.store.dict.get", never the design.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from struct import Struct

import numpy as np
from numpy.typing import NDArray

_SUBJECT_ORDINAL = Struct("<qq")
_TWO_WORDS = Struct("<QQ")
_ONE_WORD = Struct("<Q")
_TO_UNIT = 2.0**-53
WORDS = 4
"""Variates for each step of the counter of Philox-4x64 (Salmon et al. 2011)."""


@dataclass(frozen=True)
class Variates:
    """Random numbers of one replication, as functions of their owner."""

    seed: int
    replication: int

    def _key(self, purpose: str) -> bytes:
        return blake2b(f"{self.seed}/{self.replication}/{purpose}".encode(), digest_size=16).digest()

    def draw_column(self, purpose: str, count: int) -> NDArray[np.float64]:
        """Draw uniforms in [0, 1) for subjects 0 to count-1, ordinal 0; a longer column begins with the shorter one."""
        return self.draw_block(purpose, 0, count)

    def draw_block(self, purpose: str, begin: int, count: int) -> NDArray[np.float64]:
        """Draw the part of a column that begins at a subject, whose number must be a multiple of 4."""
        if begin % WORDS:
            raise ValueError(f"a block begins at subject {begin}; allowed: multiples of {WORDS}")
        low, high = _TWO_WORDS.unpack(self._key(purpose))
        philox = np.random.Philox(key=np.array([low, high], dtype=np.uint64))
        return np.random.Generator(philox.advance(begin // WORDS) if begin else philox).random(count)

    def draw_one(self, purpose: str, subject: int, ordinal: int) -> float:
        """Draw the uniform of one further attempt, or of a subject without a column."""
        return self.build_drawer(purpose)(subject, ordinal)

    def build_drawer(self, purpose: str) -> Callable[[int, int], float]:
        """Build `draw_one` for one purpose: from subject and ordinal to the uniform."""
        key = self._key(purpose)

        def draw(subject: int, ordinal: int) -> float:
            word = blake2b(_SUBJECT_ORDINAL.pack(subject, ordinal), key=key, digest_size=8).digest()
            value: int = _ONE_WORD.unpack(word)[0] >> 11
            return value * _TO_UNIT

        return draw

    def random_bytes(self, purpose: str, ordinal: int, length: int) -> bytes:
        """Draw up to 64 bytes in place of a server's entropy; reproducible, so fit for simulation only."""
        return blake2b(_ONE_WORD.pack(ordinal), key=self._key(purpose), digest_size=length).digest()
