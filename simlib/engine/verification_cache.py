"""The driver's memory of verified tokens: the same bytes under the same key give the same verdict.

It saves real CPU time of the simulation only. Simulated time is charged for every verification, and the memory's key
leaves out the clock, because `Verification` does not look at it. Records with and without it are equal.
"""

from simlib.tokens import Verification, VerificationResult


class VerificationCache:
    """Really verifies every distinct token; with ``remember`` False every token every time."""

    def __init__(self, remember: bool) -> None:
        self._remember = remember
        self._verified: dict[tuple[str, Verification], VerificationResult] = {}
        self._requested: list[tuple[str, Verification]] = []

    def __call__(self, verification: Verification, host: str) -> VerificationResult:
        """The result of this verification, asked for on a host."""
        if not self._remember:
            self._requested.append((host, verification))
            return verification()
        known = self._verified.get((host, verification))
        if known is None:
            known = self._verified[host, verification] = verification()
        return known

    def note(self, verification: Verification, verified: VerificationResult, host: str) -> None:
        """Somebody else has verified this on a host."""
        self._verified[host, verification] = verified

    def count_distinct(self, host: str, choice: str) -> int:
        """How many different verifications a host asked for with keys of a choice, such as RS256-3072.

        What follows an "@" is the size of the claims, which is the same for all tokens of a run.
        """
        asked = {*self._verified, *self._requested}
        named = choice.partition("@")[0]
        return sum(on == host and verification.key.choice == named for on, verification in asked)
