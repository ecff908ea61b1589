"""Records of a simulation: one row per event, in tables of columns, and their schema.

Instants are simulated seconds since the start of the run, NaN where the event did not happen before its end. Rows hold
sizes and ids, never token bytes, so equal seeds give equal bytes. The schema generates data/records.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from simlib.scenario.display import Displayed, Lines

Column = NDArray[Any]
Columns = Mapping[str, Column]

FINISHED, REFUSED, FAILED, UNFINISHED = 0, 1, 2, 3
OUTCOMES = ("finished", "refused", "failed", "unfinished")
GIVEN_UP, RESET, LOST = -1, -2, -3
"""Statuses of calls without an answer."""
STRANGER = -2
"""Number in place of the user in requests of strangers (floods)."""
SESSION = -1
"""Number in place of the token where a whole session was revoked."""


class Field(NamedTuple):
    """One column of a table: its numpy type, its unit ("" for plain numbers) and its meaning."""

    kind: str
    unit: str
    meaning: str


FIELDS: Mapping[str, Mapping[str, Field]] = {
    "requests": {
        "request": Field("i8", "", "number in the order of arrival; the same request in every design"),
        "user": Field("i8", "", "number of the user, -2 in requests of a flood"),
        "arrival": Field("f8", "s", "instant at which the client begins the request"),
        "end": Field("f8", "s", "instant at which the client has the answer"),
        "outcome": Field("i1", "", "index into OUTCOMES"),
        "status": Field("i2", "", "HTTP status of the last answer, 0 without one"),
        "replica": Field("i2", "", "replica of the resource server that answered last, -1 without an answer"),
        "token": Field("i8", "", "row of the tokens table that was presented last, -1 without one"),
        "checking": Field("f8", "s", "time that servers spent on tokens for it: validation, exchange; all attempts"),
        "obtaining": Field("f8", "s", "time in which the client waited for an access token"),
        "signing_in": Field("f8", "s", "part of `obtaining`: sign-in, where a session began with this request"),
        "decided": Field("f8", "s", "instant of the last verdict"),
        "based_on": Field(
            "f8", "s", "instant of the latest information from the authorization server behind this verdict"
        ),
        "accepted": Field("i1", "", "last verdict: 1 accepted, 0 refused, -1 none"),
        "validations": Field("i2", "", "number of verdicts"),
        "asked": Field("i2", "", "number of calls to the authorization server within validation"),
        "joined": Field("i2", "", "number of validations that waited for the call of another request"),
        "refusals": Field("i2", "", "number of verdicts that refused"),
        "user_information": Field("i1", "", "1 when the request needs claims about the user"),
        "bytes": Field("i8", "bytes", "bytes on all links, in both directions"),
    },
    "calls": {
        "request": Field("i8", "", "-1 for background work"),
        "target": Field("i2", "", "index into Records.names"),
        "caller": Field("i2", "", "index into Records.names"),
        "callee": Field("i2", "", "index into Records.names"),
        "replica": Field("i2", "", "replica of the callee"),
        "sent": Field("f8", "s", "instant at which the request left the caller"),
        "received": Field("f8", "s", "instant at which the answer reached the caller"),
        "status": Field(
            "i2", "", "HTTP status; 0 while unanswered, -1 abandoned by the caller, -2 refused or reset, -3 lost"
        ),
        "request_bytes": Field("i8", "bytes", "head, token and body"),
        "reply_bytes": Field("i8", "bytes", "head and body, 0 while unanswered"),
    },
    "tokens": {
        "token": Field("i8", "", "number of the token"),
        "user": Field("i8", "", "owner of the token"),
        "ordinal": Field("i8", "", "number among the tokens of this user"),
        "issued": Field("f8", "s", "instant of issue, before 0 for tokens in use when the run begins"),
        "expires": Field("f8", "s", "instant at which it expires by the clock of the server that issued it"),
        "size": Field("i8", "bytes", "size of the token; 0 for one from before the run that it never uses"),
        "client": Field("i1", "", "1 for a token that a client obtained, 0 for one of a token exchange"),
    },
    "revocations": {
        "revocation": Field("i8", "", "number of the revocation, negative for one from before the run"),
        "token": Field("i8", "", "row of the tokens table, -1 for a session: the user must sign in again"),
        "user": Field("i8", "", "owner of the token"),
        "asked": Field("f8", "s", "instant of the report that the token was stolen, or of the fault that revoked it"),
        "effective": Field("f8", "s", "instant at which the authorization server recorded it"),
    },
    "stations": {
        "host": Field("i2", "", "index into Records.names"),
        "replica": Field("i2", "", "of the host"),
        "time": Field("f8", "s", "instant of the sample"),
        "busy": Field("f8", "worker-seconds", "integral of busy workers since 0"),
        "present": Field("f8", "job-seconds", "integral of jobs present (waiting or in service) since 0"),
        "number": Field("i8", "", "jobs present at this instant"),
        "arrivals": Field("i8", "", "jobs that arrived since 0"),
    },
    "visits": {
        "request": Field("i8", "", "-1 for background work"),
        "host": Field("i2", "", "index into Records.names"),
        "replica": Field("i2", "", "of the host"),
        "arrival": Field("f8", "s", "instant at which the work reached the station"),
        "end": Field("f8", "s", "instant at which its service ended"),
    },
    "operations": {
        "host": Field("i2", "", "index into Records.names"),
        "operation": Field("i2", "", "index into Records.names"),
        "count": Field("i8", "", "number charged from 0 to the end of the run"),
        "seconds": Field("f8", "s", "CPU time charged in total"),
        "distinct": Field("i8", "", "part of `count` that was executed and not taken from a cache"),
    },
    "faults": {
        "fault": Field("i2", "", "name of the fault in the scenario, an index into Records.names"),
        "kind": Field("i2", "", "index into Records.names"),
        "begin": Field("f8", "s", "instant at which it began"),
        "end": Field("f8", "s", "instant at which it ended, or the end of the run; `begin` for instantaneous faults"),
    },
}
"""Table -> column -> its description."""
SCHEMA: Mapping[str, Mapping[str, str]] = {
    table: {name: field.kind for name, field in fields.items()} for table, fields in FIELDS.items()
}
"""Table -> column -> numpy type."""


@dataclass(frozen=True, eq=False, repr=False)
class Records(Displayed):
    """Rows of one replication of one design, in tables.

    ``names`` spells out the small integers of the tables; ``horizon`` is the end of the run in seconds; ``workers``
    counts the workers of one replica of each host; ``forms`` says which form of station each host had.
    """

    tables: Mapping[str, Columns]
    names: tuple[str, ...]
    horizon: float
    workers: Mapping[str, int]
    forms: Mapping[str, str]

    def _describe(self) -> tuple[str, Lines]:
        return f"one replication of {self.horizon:g} s", (
            ("tables", ", ".join(self.tables)),
            ("hosts", ", ".join(self.workers)),
        )

    def __getitem__(self, table: str) -> Columns:
        """The columns of one table of SCHEMA."""
        return self.tables[table]

    def equals(self, other: "Records") -> bool:
        """Compare the tables; True if every byte agrees (NaN equals NaN)."""
        if self.names != other.names or self.tables.keys() != other.tables.keys():
            return False
        return all(
            self[table][name].tobytes() == other[table][name].tobytes()
            for table in self.tables
            for name in SCHEMA[table]
        )


_HEAD = """# Records

Records of one simulation: `simlib.simulate` returns these tables, `simlib compare --records DIR` keeps them as
Parquet files, `DIR/<design>/<replication>/<table>.parquet`, and `simlib.read_records` reads such a folder. Instants are
simulated seconds since the start of the run, NaN where the event did not happen before its end. Rows hold sizes and
ids, never tokens. The metadata of each file hold the unit and meaning of every column and, under the key
`simlib.records`, a JSON object: `names` (texts of the small integers), `horizon` (end of the run in seconds), `workers`
(number in one replica of each host) and `forms` (of the stations of each host). Such files need pyarrow, as in
`pip install 'simlib[records]'`. This page is generated by `python -m simlib.scenario.records`.
"""


def format_records_page() -> str:
    """Format the page data/records.md."""
    outcomes = ", ".join(f"{number} {word}" for number, word in enumerate(OUTCOMES))
    tables = [_format_table(table) for table in FIELDS]
    return "\n".join([_HEAD, *tables, f"Outcomes: {outcomes}."]) + "\n"


def _format_table(table: str) -> str:
    rows = [f"| `{name}` | {f.kind} | {f.unit or '-'} | {f.meaning} |" for name, f in FIELDS[table].items()]
    return "\n".join([f"## {table}", "", "| column | type | unit | meaning |", "|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    print(format_records_page(), end="")
