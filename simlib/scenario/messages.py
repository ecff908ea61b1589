"""What hosts say to each other: HTTP requests, and the rows and requests of the token store."""

from typing import NamedTuple


class HttpRequest(NamedTuple):
    """A request between hosts: the Authorization header's value and the body, both as real bytes would be."""

    authorization: str = ""
    body: bytes = b""
    needs_user_information: bool = False

    @property
    def size(self) -> int:
        """Bytes that this request adds to the fixed head of a request."""
        return len(self.authorization) + len(self.body)


class TokenRow(NamedTuple):
    """What the authorization server remembers of one token or grant; instants in seconds."""

    kind: str  # "access" or "refresh"
    subject: str
    client_id: str
    scope: str
    audience: str
    issued_at: float
    expires_at: float
    revoked_at: float | None = None


class StoreGet(NamedTuple):
    """Read the row of one key (the hash of a token, or a jti); answered by a `TokenRow` or None."""

    key: str

    @property
    def size(self) -> int:
        """Bytes of the key."""
        return len(self.key)


class StorePut(NamedTuple):
    """Write or replace the row of one key."""

    key: str
    row: TokenRow

    @property
    def size(self) -> int:
        """Bytes of key and row; a number counts as eight."""
        row = self.row
        text = len(row.kind) + len(row.subject) + len(row.client_id) + len(row.scope) + len(row.audience)
        return len(self.key) + text + 3 * 8


class StoreRevoke(NamedTuple):
    """Mark one key as revoked at an instant (seconds); answered by True when there was such a row."""

    key: str
    at: float

    @property
    def size(self) -> int:
        """Bytes of the key and one number."""
        return len(self.key) + 8


class Stored(NamedTuple):
    """A store's answer on its way over a link; the caller gets ``answer`` alone."""

    answer: TokenRow | bool | None
    status: int = 200

    @property
    def size(self) -> int:
        """Bytes of a row; a number counts as eight."""
        return StorePut("", self.answer).size if isinstance(self.answer, TokenRow) else 1


StoreRequest = StoreGet | StorePut | StoreRevoke
