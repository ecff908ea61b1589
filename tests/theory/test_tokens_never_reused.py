"""A client that renews as early as its tokens live uses each of them once (openfga/java-sdk issue 388)."""

import numpy as np
import pytest

from simlib import simulate
from support.worlds import DESIGNS, exponential, scenario


@pytest.mark.parametrize(("refresh_before_s", "reused"), [(300.0, False), (290.0, True), (0.0, True)])
def test_a_token_of_300_s_that_is_renewed_300_s_before_its_end_is_never_used_twice(
    refresh_before_s: float, reused: bool
) -> None:
    design = {
        **DESIGNS["jwt"],
        "token_lifetime_s": 300,
        "client": {"part": "bearer", "refresh_before_s": refresh_before_s},
    }
    one_at_a_time = {"load": {"kind": "closed", "think": exponential(0.3)}}
    records = simulate(scenario(users=8, length_s=20.0, designs={"jwt": design}, world=one_at_a_time), "jwt")
    used = records["requests"]["token"]
    used = used[used >= 0]
    assert len(used) > 100
    assert (len(np.unique(used)) < len(used)) == reused
