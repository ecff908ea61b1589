"""Writer of cost profiles: samples to quantiles, to text, to a file (format: `simlib.scenario.profile`)."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from simlib.scenario.profile import FORMAT

QUANTILES = 257
DIGITS = 4


def compute_quantiles(samples: Sequence[float]) -> list[float]:
    """Compute 257 quantiles, evenly spaced in probability from the least to the greatest sample; same unit."""
    return [float(value) for value in np.quantile(np.asarray(samples), np.linspace(0.0, 1.0, QUANTILES))]


def format_profile(samples: Mapping[str, Sequence[float]], about: Mapping[str, str]) -> str:
    """Format a profile: its head as comments, then a row of quantiles per operation (seconds)."""
    head = ["operation", *(f"q{number}" for number in range(QUANTILES))]
    rows = [[name, *(f"{value:.{DIGITS}g}" for value in compute_quantiles(samples[name]))] for name in sorted(samples)]
    comments = [f"# {key}: {value}" for key, value in {"format": FORMAT, **about}.items()]
    return "\n".join([*comments, *(",".join(row) for row in [head, *rows])]) + "\n"


def replace_file(path: Path, text: str) -> None:
    """Replace the file in one step: a reader gets the old text or the new one, never a part.

    Raises OSError, and keeps the old file, when that fails.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)  # temporary files are private, a profile is not
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
