"""What a simulation leaves behind: rows, not means.

Every table is a set of columns. Instants are simulated seconds since the start of the run, NaN where the event did
not happen before its end. Rows hold sizes and ids, never token bytes, so equal seeds give equal bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Column = NDArray[Any]
Columns = Mapping[str, Column]

FINISHED, REFUSED, FAILED, UNFINISHED = 0, 1, 2, 3
OUTCOMES = ("finished", "refused", "failed", "unfinished")

REQUESTS: Mapping[str, str] = {
    "request": "i8",  # number in the order of arrival; the same request in every design
    "user": "i8",
    "arrival": "f8",  # the client wants something
    "end": "f8",  # the client has the answer
    "outcome": "i1",  # index into OUTCOMES
    "status": "i2",  # HTTP status of the last answer, 0 without one
    "replica": "i2",  # of the resource server that answered last, -1 before one did
    "token": "i8",  # row of the tokens table that was presented last, -1 before one was
    "checking": "f8",  # seconds inside the resource server's validation, all attempts
    "obtaining": "f8",  # seconds in which the client waited for an access token
    "decided": "f8",  # instant of the last verdict
    "based_on": "f8",  # instant of the last word of the authorization server behind it
    "accepted": "i1",  # the last verdict: 1 accepted, 0 refused, -1 none
    "validations": "i2",  # verdicts
    "asked": "i2",  # calls to the authorization server made inside validation
    "joined": "i2",  # validations that waited for another request's call
    "refusals": "i2",  # verdicts that refused
    "user_information": "i1",  # 1 when the request needs it
    "bytes": "i8",  # on all links, both directions
}
CALLS: Mapping[str, str] = {
    "request": "i8",  # -1 for work behind the requests
    "target": "i2",  # index into Records.names
    "caller": "i2",  # index into Records.names
    "callee": "i2",  # index into Records.names
    "replica": "i2",  # of the callee
    "sent": "f8",
    "received": "f8",
    "status": "i2",  # 0 while unanswered, -1 when the caller had given up
    "request_bytes": "i8",
    "reply_bytes": "i8",
}
TOKENS: Mapping[str, str] = {
    "token": "i8",
    "user": "i8",
    "ordinal": "i8",  # of this user's tokens
    "issued": "f8",  # before 0 for tokens in use when the run begins
    "expires": "f8",
    "size": "i8",  # bytes
}
REVOCATIONS: Mapping[str, str] = {
    "revocation": "i8",
    "token": "i8",
    "user": "i8",
    "asked": "f8",
    "effective": "f8",  # the authorization server has recorded it
}
STATIONS: Mapping[str, str] = {
    "host": "i2",  # index into Records.names
    "replica": "i2",
    "time": "f8",
    "busy": "f8",  # integral of busy workers since 0, worker-seconds
    "present": "f8",  # integral of jobs present (waiting and served) since 0, job-seconds
    "number": "i8",  # jobs present at this instant
    "arrivals": "i8",  # jobs since 0
}
VISITS: Mapping[str, str] = {
    "request": "i8",
    "host": "i2",
    "replica": "i2",
    "arrival": "f8",
    "end": "f8",
}
OPERATIONS: Mapping[str, str] = {
    "host": "i2",
    "operation": "i2",  # index into Records.names
    "count": "i8",  # charged, from 0 to the end of the run
    "seconds": "f8",
    "distinct": "i8",  # of `count`, those whose real work was done rather than remembered
}
SCHEMA: Mapping[str, Mapping[str, str]] = {
    "requests": REQUESTS,
    "calls": CALLS,
    "tokens": TOKENS,
    "revocations": REVOCATIONS,
    "stations": STATIONS,
    "visits": VISITS,
    "operations": OPERATIONS,
}


@dataclass(frozen=True, eq=False)
class Records:
    """All rows of one replication of one design.

    ``names`` spells out the small integers of the tables; ``horizon`` is the end of the run in seconds; ``workers``
    counts the workers of one replica of each host; ``forms`` says which form of station each host had.
    """

    tables: Mapping[str, Columns]
    names: tuple[str, ...]
    horizon: float
    workers: Mapping[str, int]
    forms: Mapping[str, str]

    def __getitem__(self, table: str) -> Columns:
        """The columns of one table of SCHEMA."""
        return self.tables[table]

    def equals(self, other: "Records") -> bool:
        """Whether every byte of every table agrees (NaN equals NaN)."""
        if self.names != other.names or self.tables.keys() != other.tables.keys():
            return False
        return all(
            self[table][name].tobytes() == other[table][name].tobytes()
            for table in self.tables
            for name in SCHEMA[table]
        )
