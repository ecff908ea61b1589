"""Messages between hosts: HTTP requests, and the rows and requests of the token store and the shared store."""

from typing import Any, NamedTuple


class HttpRequest(NamedTuple):
    """A request between hosts: the relevant headers and the body, as real bytes.

    ``sensitive``: the route is one where a stale answer would be costly. ``dpop`` is the proof of RFC 9449, ``accept``
    the requested media type. ``certificate`` is the SHA-256 thumbprint of the caller's certificate in the TLS handshake
    (RFC 8705 section 3.1): it belongs to the connection and adds no bytes to the request.
    """

    authorization: str = ""
    body: bytes = b""
    needs_user_information: bool = False
    sensitive: bool = False
    dpop: str = ""
    accept: str = ""
    certificate: str = ""

    @property
    def header_bytes(self) -> int:
        """Bytes of the headers that are not part of every request."""
        return len(self.authorization) + len(self.dpop) + len(self.accept)

    @property
    def size(self) -> int:
        """Bytes that this request adds to the fixed head of a request."""
        return len(self.authorization) + len(self.dpop) + len(self.accept) + len(self.body)


class TokenResponse(NamedTuple):
    """Response of the token endpoint to a client (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).

    ``requested_at`` is the instant (seconds) of the client's request, from which ``expires_in`` (seconds) is counted.
    ``nonce`` is the one that the client requested for the identity token, empty without.
    """

    access_token: str
    expires_in: float
    requested_at: float
    refresh_token: str = ""
    id_token: str = ""
    scope: str = ""
    nonce: str = ""


class TokenRow(NamedTuple):
    """The authorization server's row of one token or grant; instants in seconds.

    ``details`` is a JSON object, or empty, with fields of some kinds only: ``cnf`` (RFC 7800), ``act`` (RFC 8693), the
    ``family`` of a rotated refresh token, the ``code_challenge`` and ``redirect_uri`` of a code, ``jti`` and so on.
    """

    kind: str  # "access", "refresh", "revoked", "code" or "device"
    subject: str
    client_id: str
    scope: str
    audience: str
    issued_at: float
    expires_at: float
    revoked_at: float | None = None
    details: str = ""


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
        return len(self.key) + text + len(row.details) + 3 * 8


class StoreRevoke(NamedTuple):
    """Mark one key as revoked at an instant (seconds); answered by True when there was such a row."""

    key: str
    at: float

    @property
    def size(self) -> int:
        """Bytes of the key and one number."""
        return len(self.key) + 8


class StoreConsume(NamedTuple):
    """Use up one key at an instant (seconds): mark it revoked unless it is, in one step.

    Answered by the row as it was before, or None. Of several callers exactly one gets ``revoked_at`` None, so a code
    or a rotated refresh token is valid for one use (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
    """

    key: str
    at: float

    @property
    def size(self) -> int:
        """Bytes of the key and one number."""
        return len(self.key) + 8


class StoreRevokedSince(NamedTuple):
    """The rows revoked after an instant that have not expired at ``now``, by key; answered by a tuple of pairs.

    Both in seconds. Denylists are built from them.
    """

    since: float
    now: float

    @property
    def size(self) -> int:
        """Bytes of two numbers."""
        return 2 * 8


class StoreReply(NamedTuple):
    """A store's answer on its way over a link; the caller gets ``answer`` alone."""

    answer: TokenRow | bool | bytes | tuple[tuple[str, TokenRow], ...] | None
    status: int = 200

    @property
    def size(self) -> int:
        """Bytes of a row, of several, or of a value; a number counts as eight."""
        answer = self.answer
        if isinstance(answer, TokenRow):
            return StorePut("", answer).size
        if isinstance(answer, bytes):
            return len(answer)
        rows: Any = answer if isinstance(answer, tuple) else ()
        return sum((StorePut(key, row).size for key, row in rows), start=0) or 1


StoreRequest = StoreGet | StorePut | StoreRevoke | StoreConsume | StoreRevokedSince


class SharedGet(NamedTuple):
    """Read a value of the shared key-value store (such as Redis) beside the servers; answered by bytes or None."""

    key: str

    @property
    def size(self) -> int:
        """Bytes of the key."""
        return len(self.key)


class SharedPut(NamedTuple):
    """Write a value of the shared key-value store; it expires after ``ttl_s`` seconds, by the store's own clock.

    Answered by True.
    """

    key: str
    value: bytes
    ttl_s: float

    @property
    def size(self) -> int:
        """Bytes of key and value and one number."""
        return len(self.key) + len(self.value) + 8


SharedRequest = SharedGet | SharedPut
