"""Outcomes of the mutants, kept in ``data/mutations.csv``: only of files whose mutants were run."""

import csv
from collections.abc import Sequence
from hashlib import sha256

from mutation_points import ROOT, Mutant

RESULTS = ROOT / "data" / "mutations.csv"
COLUMNS = ("file", "source", "line", "old", "new", "outcome", "because")
EQUIVALENT: dict[str, str] = {
    "simlib/attacks/forged_sign_in.py: not isinstance(approved, Reply)": "a Failed has no status 200",
    "simlib/engine/fault_injection.py: strangers is None": "it is called only where there are further arrivals",
    "simlib/services/token_verification.py: caller is None": "None is no member of may_introspect either",
    "simlib/services/vulnerable.py: isinstance(uri, str)": "the parameters of a form are texts",
    "simlib/strategies/bearer.py: isinstance(answer, Reply)": "a Failed has status 429, or 500 and above",
    "simlib/strategies/denylist_polled.py: isinstance(reply, Failed)": "a Failed has no status 200",
    "simlib/strategies/jwks_client.py: isinstance(reply, Failed)": "a Failed has no status 200",
    "simlib/strategies/status_list.py: (*ALGORITHMS, SECRET_ALGORITHM)": (
        "the key has one algorithm, which the header must name, and all that a key can have are listed"
    ),
    "simlib/tokens/paseto.py: isinstance(payload, bytes)": "pyseto returns bytes unless it is given a deserializer",
}
"""File and old text of mutants that change nothing -> why."""


def source_of(file: str) -> str:
    """Which text of a file its mutants were made from: a digest."""
    return sha256((ROOT / file).read_bytes()).hexdigest()[:12]


def keep(mutants: Sequence[Mutant], killers: Sequence[str]) -> None:
    """Replace the rows of these mutants. Rows of files that are gone, or of another text of one of theirs, go too."""
    sources = {mutant.file: source_of(mutant.file) for mutant in mutants}
    rows = {(row["file"], row["line"], row["old"], row["new"]): row for row in kept()}
    rows = {
        key: row
        for key, row in rows.items()
        if sources.get(row["file"], row["source"]) == row["source"] and (ROOT / row["file"]).is_file()
    }
    for mutant, killer in zip(mutants, killers, strict=True):
        why = killer or EQUIVALENT.get(f"{mutant.file}: {mutant.old}", "")
        outcome = "killed" if killer else "equivalent" if why else "survived"
        old = " ".join(mutant.old.split())
        told = (mutant.file, sources[mutant.file], str(mutant.line), old, mutant.new, outcome, why)
        rows[mutant.file, str(mutant.line), old, mutant.new] = dict(zip(COLUMNS, told, strict=True))
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows.values(), key=lambda row: (row["file"], int(row["line"]))))


def kept() -> list[dict[str, str]]:
    """The rows of the file; none when there is no file yet."""
    if not RESULTS.exists():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
