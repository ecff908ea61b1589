"""Digest of the code that a stored benchmark measures: the engine and the benchmarks themselves."""

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def digest() -> str:
    """Changes whenever a file of the engine or of the benchmarks does."""
    files = [*(ROOT / "simlib" / "engine").rglob("*.py"), *(ROOT / "tests" / "benchmarks").glob("*.py")]
    content = sha256()
    for file in sorted(files):
        content.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return content.hexdigest()[:16]
