"""What every token store can do, whatever it is made of."""

from typing import Protocol

from simlib.scenario.messages import StoreRequest, TokenRow

StoreAnswer = TokenRow | bool | tuple[tuple[str, TokenRow], ...] | None


class TokenStore(Protocol):
    """The authorization server's memory of its tokens; keys are hashes, so a store never sees a token."""

    def execute(self, request: StoreRequest) -> StoreAnswer:
        """Answer one request at once.

        StoreGet: the row or None. StorePut: None. StoreRevoke: whether there was such a row; the first
        revocation of a row stays, because exposure is counted from it. StoreConsume: the row as it was before, or None;
        whoever else asks, exactly one sees it unrevoked. StoreRevokedSince: pairs of key and row, by instant of
        revocation and then by key.
        """

    def count_valid(self, now: float) -> int:
        """Rows that are neither expired nor revoked at ``now`` (seconds); at expires_at == now a row is expired."""

    def close(self) -> None:
        """Let go of files and memory; the store is not used afterwards."""
