"""The page that says what is in records, made from their schema: data/records.md."""

from simlib.scenario.records import FIELDS, OUTCOMES

_HEAD = """# Records

What one simulation leaves behind: `simlib.simulate` returns these tables, `simlib compare --records DIR` keeps them as
Parquet files, `DIR/<design>/<replication>/<table>.parquet`, and `simlib.read_records` reads such a folder. Instants are
simulated seconds since the start of the run, NaN where the event did not happen before its end. Sizes and ids only, no
tokens. Every column of a file carries its unit and meaning, and every file, under the key `simlib.records`, JSON with
`names` (what the small integers stand for), `horizon` (end of the run in seconds), `workers` (of one replica of each
host) and `forms` (of the stations of each host). This page is made by `python -m simlib.scenario.records_page`.
"""


def records_page() -> str:
    """The whole page."""
    outcomes = ", ".join(f"{number} {word}" for number, word in enumerate(OUTCOMES))
    tables = [_table(table) for table in FIELDS]
    return "\n".join([_HEAD, *tables, f"Outcomes: {outcomes}."]) + "\n"


def _table(table: str) -> str:
    rows = [f"| `{name}` | {f.kind} | {f.unit or '-'} | {f.meaning} |" for name, f in FIELDS[table].items()]
    return "\n".join([f"## {table}", "", "| column | type | unit | what |", "|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    print(records_page(), end="")
