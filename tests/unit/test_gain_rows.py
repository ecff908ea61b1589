"""The table of what was simulated: rows are the means of replications, all that was asked for is there, no nan."""

import csv
import io
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame

from simlib.analysis import GAIN_METRICS, METRICS
from simlib.decision.choice.results import Decision
from simlib.decision.promises import compute_promises
from simlib.deployment.loading import load_scenario
from simlib.report.record.gain_rows import CLAIMS, COUNTED, MEASURED, REVOKED, GainRow, build_gain_rows, format_gain_csv
from simlib.report.record.madr import format_decision_record
from simlib.report.record.page import render_decision_page
from support.comparisons import CACHED, JWT, OPAQUE
from support.decisions import KINDS, decision

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
WANTED = (
    *("mean_s", "p99_s", "rs_cpu_s", "as_cpu_s", "as_requests_per_s", "store_operations_per_request"),
    *("rows_written_per_s", "kept_rows", "stored_bytes", "bytes_per_request", "header_bytes", "availability"),
    *("exposure_s", "exposure_bound_s", "staleness_mean_s", "staleness_max_s", "claims_bound_s"),
)
"""Latency, CPU seconds, load of server and database, growth of the token table, bytes, availability, exposure and
staleness as means and worst cases: what the table is for."""


def with_figures(**figures: float) -> Decision:
    """A decision whose replications have all figures, some of them as given and the same in each."""
    made = decision()
    table = _with_all_figures().assign(**figures)
    return replace(made, gain=replace(made.gain, table=table))


@cache
def _with_all_figures() -> DataFrame:
    return decision().gain.table.assign(**dict.fromkeys(GAIN_METRICS, 0.5))


def row_of(made: Decision, name: str) -> GainRow:
    return next(row for row in build_gain_rows(made) if row.metric.name == name)


def test_every_figure_that_a_decision_weighs_is_told_once() -> None:
    names = [row.metric.name for row in build_gain_rows(with_figures())]
    assert set(WANTED) <= set(names)
    assert len(names) == len(set(names))


@given(st.lists(st.floats(1e-4, 1e3), min_size=4, max_size=4), st.sampled_from(["mean_s", "stored_bytes"]))
@settings(max_examples=12)
def test_a_row_is_the_mean_of_the_replications_within_their_interval(values: list[float], name: str) -> None:
    made = with_figures()
    table = made.gain.table.copy()
    table.loc[table["design"] == JWT, name] = values
    own = row_of(replace(made, gain=replace(made.gain, table=table)), name).intervals[JWT]
    assert own.mean == pytest.approx(np.mean(values))
    assert own.low <= own.mean <= own.high
    assert (own.n, own.level) == (4, made.level)


def test_worst_cases_are_those_of_the_settings() -> None:
    made = with_figures()
    revoked, claims = row_of(made, REVOKED.name), row_of(made, CLAIMS.name)
    life = {name: design.token_lifetime_s for name, design in made.scenario.designs.items()}
    assert (revoked.kind, claims.kind) == (COUNTED, COUNTED)
    assert revoked.format_value(JWT) == claims.format_value(JWT) == f"{life[JWT]:g}"
    assert revoked.intervals[OPAQUE].mean < revoked.intervals[CACHED].mean <= life[CACHED]


def test_a_list_of_revoked_tokens_tells_nothing_of_roles() -> None:
    listed = load_scenario("mobile-and-things")
    bounds, life = compute_promises(listed), listed.designs["jwt_status_list"].token_lifetime_s
    assert bounds["jwt_status_list"].after_revocation_s < bounds["jwt_status_list"].after_claims_change_s == life
    assert bounds["opaque_cached"].after_claims_change_s == bounds["opaque_cached"].after_revocation_s


@pytest.mark.parametrize(
    ("values", "words"),
    [
        # At 90 % and 3 degrees of freedom t is 2.353; the standard error is 0.2 ms times the root of 1/6.
        ([0.0440, 0.0442, 0.0438, 0.0440], "44.00 (43.81 to 44.19)"),
        ([0.5, 0.5, 0.5, 0.5], "500"),
        ([math.nan] * 4, "\N{EN DASH}"),
        ([0.03, math.nan, math.nan, math.nan], "30"),
        ([0.0, 0.0, 0.0, 0.004], "1.0 (0.0 to 3.4)"),  # no latency is below 0
        ([12.0, 13.0, 11.0, 12.0], "12,000 (11,040 to 12,960)"),  # no more digits than the interval has
    ],
)
def test_a_reader_sees_milliseconds_and_the_interval(values: list[float], words: str) -> None:
    made = with_figures()
    table = made.gain.table.copy()
    table.loc[table["design"] == JWT, "mean_s"] = values
    assert row_of(replace(made, gain=replace(made.gain, table=table)), "mean_s").format_value(JWT) == words


def test_an_unstable_design_has_no_latency() -> None:
    made = with_figures()
    row = replace(row_of(made, "mean_s"), unsteady=frozenset({JWT}))
    assert row.format_value(JWT) == "unstable"
    assert row.format_value(CACHED) != "unstable"


@EVERY_KIND
def test_the_record_the_page_and_the_file_tell_the_same(kind: str) -> None:
    made = KINDS[kind]()
    every = build_gain_rows(made)
    text, page = format_decision_record(made), render_decision_page(made, ())
    assert text.index("### Simulated figures") > text.index("## More Information")
    assert '<h2 id="gain">Simulated figures' in page
    for row in every:
        cells = " | ".join(row.format_value(name) for name in made.scenario.designs)
        assert f"| {row.label} | {row.kind} | {cells} |" in text
        assert f'<th scope="row">{row.label}</th><td>{row.kind}</td>' in page
        assert not {"nan", "inf", "None"} & set(cells.replace("(", " ").replace(")", " ").split())
    found = list(csv.DictReader(io.StringIO(format_gain_csv(made))))
    assert len(found) == len(every) * len(made.scenario.designs)
    assert {own["kind"] for own in found} == {MEASURED, COUNTED}
    assert all(value not in ("nan", "inf", "-inf") for own in found for value in own.values())


def test_what_is_told_has_one_name_and_one_unit() -> None:
    labels = [row.label for row in build_gain_rows(with_figures())]
    assert len(labels) == len(set(labels))
    assert not set(METRICS) & set(GAIN_METRICS)
