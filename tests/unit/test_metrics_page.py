"""Page data/metrics.md: as it is generated, and complete: every column of a table of replications is explained."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from simlib.analysis import GAIN_METRICS, METRICS
from simlib.analysis.metric_sentences import SENTENCES
from simlib.analysis.metrics_page import OTHER_COLUMNS, format_metrics_page
from simlib.analysis.summary import summarise
from simlib.deployment.simulate import simulate

PAGE = Path(__file__).resolve().parents[2] / "data" / "metrics.md"


def test_the_page_is_the_one_that_is_generated() -> None:
    assert PAGE.read_text(encoding="utf-8") == format_metrics_page(), "python -m simlib.analysis.metrics_page"


def test_every_metric_stands_on_the_page_with_its_sentence() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    sentences = {row[0].strip("|` "): row[-1].removesuffix(" |") for row in rows if len(row) == 5}
    assert sentences == dict(SENTENCES)
    assert {name for name in {**METRICS, **GAIN_METRICS} if name in SENTENCES} == sentences.keys()


def test_every_column_of_a_run_is_explained(make_scenario: Callable[..., Any]) -> None:
    columns = summarise(simulate(make_scenario(), "opaque_cached"), 0.0)
    unknown = {name for name in columns if name not in METRICS and not _find_patterns(name)}
    assert not unknown
    assert {pattern for name in columns for pattern in _find_patterns(name)} == set(OTHER_COLUMNS)


def _find_patterns(name: str) -> list[str]:
    return [pattern for pattern in OTHER_COLUMNS if fnmatchcase(name, pattern)]
