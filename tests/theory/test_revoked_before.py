"""Tokens that were revoked before a run: they are not in use, and have rows with negative numbers."""

import numpy as np
import pytest

from simlib import summarise
from simlib.deployment.simulate import simulate
from support.scenarios import design_of, scenario

USERS, LIFE_S, RATE = 200, 400.0, 0.25


def test_tokens_in_use_of_jwts_that_nothing_refuses_are_those_not_revoked_yet() -> None:
    """A user whose tokens are revoked at rate s, unnoticed, has a token in use for (1 - e^-sL) / s of its life L."""
    jwt = {**design_of("jwt_local", "jwt_access_token"), "token_lifetime_s": LIFE_S}
    made = scenario(
        designs={"jwt": jwt},
        world__population={"users": USERS, "zipf_exponent": 0.0},
        world__load={"kind": "poisson", "arrival_rate": 40.0},
        world__revocations={"rate": RATE},
        run__length_s=40.0,
        run__warm_up_s=0.0,
    )
    records = [simulate(made, "jwt", replication) for replication in range(4)]
    share = RATE / USERS * LIFE_S
    there = LIFE_S / (LIFE_S + USERS / 40.0)
    expected = USERS * there * (1 - np.exp(-share)) / share
    measured = np.mean([summarise(each, 0.0)["tokens_in_use"] for each in records])
    assert measured == pytest.approx(expected, rel=0.03)
    numbers = records[0]["revocations"]["revocation"]
    assert ((records[0]["revocations"]["effective"] < 0) == (numbers < 0)).all()
    assert (numbers < 0).any()
