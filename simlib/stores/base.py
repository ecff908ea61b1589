"""What every token store can do, whatever it is made of."""

from typing import Protocol

from simlib.scenario.messages import StoreRequest, TokenRow


class TokenStore(Protocol):
    """The authorization server's memory of its tokens; keys are hashes, so a store never sees a token."""

    def execute(self, request: StoreRequest) -> TokenRow | bool | None:
        """Answer one request at once.

        StoreGet: the row or None. StorePut: None. StoreRevoke: whether there was such a row; the first
        revocation of a row stays, because exposure is counted from it.
        """

    def count_valid(self, now: float) -> int:
        """Rows that are neither expired nor revoked at ``now`` (seconds); at expires_at == now a row is expired."""

    def close(self) -> None:
        """Let go of files and memory; the store is not used afterwards."""
