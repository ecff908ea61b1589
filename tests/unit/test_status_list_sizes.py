"""The compressed sizes that draft-ietf-oauth-status-list prints in its size appendix, for random revocations."""

import numpy as np
import pytest

from simlib.tokens.status_list import StatusList

KB = 1024
SHARES = (0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
PRINTED = {
    100_000: (81, 252, 1.4 * KB, 2.3 * KB, 4.5 * KB, 6.9 * KB, 10.2 * KB, 12.2 * KB, 10.2 * KB, 35),
    1_000_000: (442, 2.2 * KB, 13.7 * KB, 23.0 * KB, 43.9 * KB, 67.6 * KB, 102.2 * KB, 122.1 * KB, 102.4 * KB, 144),
}


@pytest.mark.parametrize("length", PRINTED)
def test_a_list_of_random_revocations_is_as_small_as_printed(length: int) -> None:
    random = np.random.default_rng(1)
    for share, printed in zip(SHARES, PRINTED[length], strict=True):
        revoked = random.choice(length, round(length * share), replace=False)
        size = len(StatusList.create(length, map(int, revoked)).compress())
        assert abs(size - printed) <= 0.05 * printed + 20, share
