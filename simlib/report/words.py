"""Labels and descriptions of figures."""

import textwrap

from simlib.analysis.metrics import METRICS
from simlib.decision import Verdicts
from simlib.report.cells import UNDEFINED, mean_text

_LINE = 30  # characters
_LINES = 2


def row_label(verdicts: Verdicts, design: str) -> str:
    """The name of a design and the beginning of its title, for an axis."""
    title = verdicts.scenario.designs[design].title
    if title == design:
        return design
    return "\n".join((design, *textwrap.wrap(title, _LINE, max_lines=_LINES, placeholder=" …")))


def latency_words(verdicts: Verdicts) -> str:
    """Description of the latency figure."""
    told = [_latency(verdicts, design) for design in verdicts.designs]
    return f"Latency per design in milliseconds, with intervals. {' '.join(told)}"


def _latency(verdicts: Verdicts, design: str) -> str:
    if not verdicts.steady(design, "mean_s"):
        return f"{design}: unstable, not averaged."
    names = {"mean": "mean_s", "p50": "p50_s", "p95": "p95_s", "p99": "p99_s", "token checking": "checking_mean_s"}
    return f"{design}: {', '.join(f'{word} {_mean(verdicts, design, name)}' for word, name in names.items())}."


def tradeoff_words(verdicts: Verdicts) -> str:
    """Description of the trade-off figure."""
    told = [
        f"{design}: {_mean(verdicts, design, 'as_requests_per_s')} requests per second, utilisation "
        f"{_mean(verdicts, design, 'as_utilisation')} %, {exposure_words(verdicts, design)}."
        for design in verdicts.designs
    ]
    head = "Load on the authorization server against exposure after revocation, with intervals."
    return f"{head} {' '.join(told)}"


def exposure_words(verdicts: Verdicts, design: str) -> str:
    """The exposure of a design, or why there is none."""
    if not verdicts.steady(design, "exposure_s"):
        return "unstable, exposure not shown"
    shown = _mean(verdicts, design, "exposure_s")
    return "exposure undefined" if shown == UNDEFINED else f"exposure {shown} s"


def _mean(verdicts: Verdicts, design: str, name: str) -> str:
    return mean_text(METRICS[name], verdicts.intervals[design][name])
