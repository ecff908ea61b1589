"""Verification cache of the driver: the same bytes under the same key give the same verdict.

It saves real CPU time of the simulation only. Simulated time is charged for every verification, and the cache's key
leaves out the clock, which `Verification` does not read. Records with and without it are equal.
"""

from collections import Counter

from simlib.tokens import Verification, VerificationResult

RECENT = 1 << 13
"""Results of one of two generations: when the later one is full, it takes the place of the earlier one."""
Key = tuple[str, Verification]


class VerificationCache:
    """Verifier of every distinct token; with ``remember`` False of every token every time."""

    def __init__(self, remember: bool) -> None:
        self._remember = remember
        self._recent: dict[Key, VerificationResult] = {}
        self._earlier: dict[Key, VerificationResult] = {}
        self._counted: set[int] = set()  # hashes: a long run has more tokens than memory should hold
        self._distinct: Counter[tuple[str, str]] = Counter()

    def __call__(self, verification: Verification, host: str) -> VerificationResult:
        """The result of this verification on a host."""
        if not self._remember:
            self._count((host, verification))
            return verification()
        known = self._recent.get((host, verification))
        return self._find_earlier((host, verification)) if known is None else known

    def note(self, verification: Verification, host: str) -> None:
        """Note a verification that was done elsewhere for a host."""
        self._count((host, verification))

    def count_distinct(self, host: str, choice: str) -> int:
        """Number of distinct verifications on a host with keys of a choice, such as RS256-3072.

        Behind an "@" stands the size of the claims, which is the same for all tokens of a run.
        """
        return self._distinct[host, choice.partition("@")[0]]

    def _find_earlier(self, key: Key) -> VerificationResult:
        """The result of the earlier generation, or a new one."""
        found = self._earlier.get(key)
        if found is None:
            self._count(key)
            found = key[1]()
        if len(self._recent) >= RECENT:
            self._earlier, self._recent = self._recent, {}
        self._recent[key] = found
        return found

    def _count(self, key: Key) -> None:
        hashed = hash(key)
        if hashed not in self._counted:
            self._counted.add(hashed)
            host, verification = key
            self._distinct[host, verification.key.choice] += 1
