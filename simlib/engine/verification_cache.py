"""Verification cache of the driver: the same bytes under the same key give the same verdict.

It saves real CPU time of the simulation only. Simulated time is charged for every verification, and the cache's key
leaves out the clock, which `Verification` does not read. Records with and without it are equal.
"""

from simlib.tokens import Verification, VerificationResult


class VerificationCache:
    """Verifier of every distinct token; with ``remember`` False of every token every time."""

    def __init__(self, remember: bool) -> None:
        self._remember = remember
        self._verified: dict[tuple[str, Verification], VerificationResult] = {}
        self._requested: list[tuple[str, Verification]] = []

    def __call__(self, verification: Verification, host: str) -> VerificationResult:
        """The result of this verification on a host."""
        if not self._remember:
            self._requested.append((host, verification))
            return verification()
        known = self._verified.get((host, verification))
        if known is None:
            known = self._verified[host, verification] = verification()
        return known

    def note(self, verification: Verification, verified: VerificationResult, host: str) -> None:
        """Note a verification that was done elsewhere for a host."""
        self._verified[host, verification] = verified

    def count_distinct(self, host: str, choice: str) -> int:
        """Number of distinct verifications on a host with keys of a choice, such as RS256-3072.

        Behind an "@" stands the size of the claims, which is the same for all tokens of a run.
        """
        requested = {*self._verified, *self._requested}
        named = choice.partition("@")[0]
        return sum(on == host and verification.key.choice == named for on, verification in requested)
