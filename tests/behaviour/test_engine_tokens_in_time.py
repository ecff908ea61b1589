"""Tokens over time: their ages are stationary from the first second, and for how long revoked ones go on working."""

from typing import Any

import numpy as np
import pytest

from simlib import simulate
from simlib.analysis import student, summarise
from simlib.scenario.records import FINISHED, REFUSED, Records
from simlib.scenario.scenario import Scenario
from support.networks import assert_covered
from support.worlds import DESIGNS, scenario

LIFETIME, LENGTH, USERS, RATE = 40.0, 120.0, 100, 20.0
EACH = RATE / USERS
"""Requests per second of one user."""


@pytest.fixture(scope="module")
def runs() -> list[Records]:
    designs = {"cached": {**DESIGNS["cached"], "token_lifetime_s": LIFETIME}}
    made = scenario(users=USERS, arrival_rate=RATE, designs=designs, length_s=LENGTH)
    return [simulate(made, "cached", replication) for replication in range(8)]


def token_calls(records: Records, start: float, end: float) -> int:
    calls = records["calls"]
    asked = calls["target"] == records.names.index("token")
    return int((asked & (calls["sent"] >= start) & (calls["sent"] < end)).sum())


def test_no_herd_asks_for_tokens_at_the_beginning(runs: list[Records]) -> None:
    window = 20.0
    first = [token_calls(records, 0.0, window) for records in runs]
    last = [token_calls(records, LENGTH - window, LENGTH) for records in runs]
    # A user asks once in every life of a token and the gap until the next request after it.
    expected = USERS * window / (LIFETIME + 1 / EACH)
    assert_covered(first, expected, narrow=0.3)
    assert_covered(last, expected, narrow=0.3)
    assert student(np.subtract(first, last), 0.999).is_within(0.5 * expected)


def test_tokens_held_at_the_start_have_all_ages_alike(runs: list[Records]) -> None:
    remaining = []
    for records in runs:
        tokens = records["tokens"]
        before = tokens["issued"] < 0
        assert (tokens["expires"][before] - tokens["issued"][before] == LIFETIME).all()
        assert tokens["issued"][before].min() >= -LIFETIME - 1  # whole seconds, rounded down
        remaining.append(float(tokens["expires"][before].mean()))
    assert_covered(remaining, LIFETIME / 2 - 0.5, narrow=0.15)


def test_the_life_left_in_presented_tokens_is_the_same_early_and_late(runs: list[Records]) -> None:
    # A life of a token sees its first request at age 0 and EACH * LIFETIME others at uniform ages.
    uses = EACH * LIFETIME
    expected = LIFETIME - LIFETIME / 2 * uses / (1 + uses) - 0.5
    for start, end in ((0.0, 20.0), (LENGTH - 20.0, LENGTH)):
        left = []
        for records in runs:
            rows = records["requests"]
            chosen = (rows["arrival"] >= start) & (rows["arrival"] < end) & (rows["accepted"] == 1)
            expires = dict(zip(records["tokens"]["token"], records["tokens"]["expires"], strict=True))
            lives = np.array([expires[token] for token in rows["token"][chosen]]) - rows["decided"][chosen]
            assert (lives > 0).all()
            left.append(float(lives.mean()))
        assert_covered(left, expected, narrow=0.15)


def test_the_first_request_of_a_user_finds_a_token_as_often_as_theory_says(runs: list[Records]) -> None:
    without = []
    for records in runs:
        rows = records["requests"]
        order = np.argsort(rows["arrival"])
        _, first = np.unique(rows["user"][order], return_index=True)
        early = rows["arrival"][order][first] < 20.0
        without.append(float((rows["obtaining"][order][first][early] > 0).mean()))
    # At 0 a user has no token with probability 1 / (1 + uses), and otherwise one whose rest of life is uniform: it
    # ends before the first request, after an exponential time, with probability (1 - exp(-uses)) / uses.
    uses = EACH * LIFETIME
    assert_covered(without, (2 - np.exp(-uses)) / (1 + uses), narrow=0.5)


# --- revocation ---


def revoking(users: int = 20, rate: float = 20.0) -> Scenario:
    return scenario(
        users=users,
        arrival_rate=rate,
        world={"revocations": {"rate": 0.4}},
        length_s=240.0,
        warm_up_s=20.0,
    )


def exposures(records: Records) -> np.ndarray:
    """Seconds from the effect of each revocation to the last verdict that accepted the token, 0 without one."""
    rows, revoked = records["requests"], records["revocations"]
    accepted = rows["accepted"] == 1
    spans = []
    for token, effective in zip(revoked["token"], revoked["effective"], strict=True):
        later = rows["decided"][accepted & (rows["token"] == token) & (rows["decided"] > effective)]
        spans.append(later.max() - effective if later.size else 0.0)
    return np.array(spans)


@pytest.mark.parametrize(
    ("design", "at_most", "mean_between"),
    [("opaque", 0.0, (0, 0.005)), ("cached", 10.0, (3, 7)), ("jwt", 60.0, (24, 36))],
)
def test_a_revoked_token_works_as_long_as_the_design_lets_it(
    design: str, at_most: float, mean_between: tuple[float, float]
) -> None:
    made = revoking()
    records = simulate(made, design)
    spans = exposures(records)
    assert len(spans) > 50
    # What is in flight when the revocation takes effect may still be accepted.
    assert spans.max() <= at_most + 0.05
    low, high = mean_between
    assert low <= summarise(records, made.run.warm_up_s)["exposure_s"] <= high


def test_a_revocation_takes_effect_after_it_was_asked_for_and_never_twice() -> None:
    records = simulate(revoking(), "opaque")
    revoked = records["revocations"]
    earlier = revoked["revocation"] < 0  # before the run nothing takes time
    assert (revoked["effective"] > revoked["asked"])[~earlier].all()
    assert (revoked["effective"] == revoked["asked"])[earlier].all()
    assert (revoked["effective"] - revoked["asked"] < 0.1).all()
    tokens = records["tokens"]
    expires = dict(zip(tokens["token"].tolist(), tokens["expires"].tolist(), strict=True))
    assert all(expires[token] > asked for token, asked in zip(revoked["token"], revoked["asked"], strict=True))
    owner = dict(zip(tokens["token"].tolist(), tokens["user"].tolist(), strict=True))
    assert [owner[token] for token in revoked["token"]] == revoked["user"].tolist()


@pytest.mark.parametrize(("retry", "outcome"), [(True, FINISHED), (False, REFUSED)])
def test_who_is_refused_gets_a_new_token_and_tries_again_if_told_to(retry: bool, outcome: int) -> None:
    client: dict[str, Any] = {"part": "bearer", "retry_refused": retry}
    made = scenario(
        designs={"opaque": {**DESIGNS["opaque"], "client": client}},
        world={"revocations": {"rate": 0.5}},
        length_s=60.0,
    )
    rows = simulate(made, "opaque")["requests"]
    refused = (rows["refusals"] > 0) & ~np.isnan(rows["end"])
    assert refused.sum() > 10
    assert (rows["outcome"][refused] == outcome).all()
    assert (rows["validations"][refused] == (2 if retry else 1)).all()
    assert (rows["outcome"][~refused & ~np.isnan(rows["end"])] == FINISHED).all()
