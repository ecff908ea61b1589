"""Costs, connections and the memory of verified tokens: the driver's small helpers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.engine import verification_cache
from simlib.engine.costs import DrawnColumn, HostCosts, StatedCosts
from simlib.engine.links import Connections
from simlib.engine.request_window import RequestWindow
from simlib.engine.verification_cache import VerificationCache
from simlib.scenario.distributions import Constant, Exponential
from simlib.scenario.variates import Variates
from simlib.tokens import Verification, build_access_token_claims, generate_signing_key, sign_access_token

LAW = Exponential(mean_s=2.0)
VARIATES = Variates(7, 3)


@given(st.lists(st.integers(0, 4), max_size=30))
def test_whatever_the_order_of_asking_each_owner_gets_its_own_values(order: list[int]) -> None:
    column = DrawnColumn("purpose", LAW, VARIATES, RequestWindow(5))
    uniform = VARIATES.draw_column("purpose", 5)
    taken: dict[int, list[float]] = {}
    for subject in order:
        taken.setdefault(subject, []).append(column.take(subject))
    for subject, values in taken.items():
        uniforms = [uniform[subject], *(VARIATES.draw_one("purpose", subject, n) for n in range(1, len(values)))]
        assert values == LAW.invert(np.array(uniforms)).tolist()
    number, total = column.count_used()
    assert number == len(order)
    assert total == pytest.approx(sum(sum(values) for values in taken.values()))


def test_work_behind_the_requests_has_values_of_its_own() -> None:
    column = DrawnColumn("purpose", LAW, VARIATES, RequestWindow(3))
    behind = [column.take(-1), column.take(-1)]
    assert behind == LAW.invert(np.array([VARIATES.draw_one("purpose", -1, n) for n in (1, 2)])).tolist()
    assert [column.take(n) for n in range(3)] == LAW.invert(VARIATES.draw_column("purpose", 3)).tolist()
    assert column.count_used()[0] == 5


def test_a_cost_of_nothing_is_counted_and_used_once() -> None:
    column = DrawnColumn("purpose", Constant(value_s=0.0), VARIATES, RequestWindow(1))
    assert (column.take(0), column.count_used()) == (0.0, (1, 0.0))
    assert (column.take(0), column.count_used()) == (0.0, (2, 0.0))


def test_a_host_draws_an_operation_when_it_is_first_asked_for_it() -> None:
    costs = HostCosts("service", StatedCosts({"hash": LAW, "sign": LAW}), VARIATES, RequestWindow(4))
    assert dict(costs) == {}
    assert costs["hash"].take(2) == LAW.invert(VARIATES.draw_column("service.hash", 4))[2]
    assert list(costs) == ["hash"]
    with pytest.raises(KeyError, match="no cost for operation 'verify'; known are hash, sign"):
        costs["verify"]


def test_own_costs_hide_those_of_the_profile() -> None:
    profile = StatedCosts({"hash": Constant(value_s=1.0), "sign": Constant(value_s=2.0)})
    own = StatedCosts({"hash": Constant(value_s=9.0)}, profile)
    half = np.array([0.5])
    assert (own.invert("hash", half).item(), own.invert("sign", half).item()) == (9.0, 2.0)


# --- connections ---


def test_the_connection_used_last_is_used_first_and_idle_ones_close() -> None:
    pool = Connections(3, 5.0)
    assert [pool.acquire(0.0) for _ in range(4)] == ["new", "new", "new", "full"]
    pool.release(1.0)
    pool.release(4.0)
    assert pool.acquire(6.0) == "reused"  # the one of 4; that of 1 has been idle for 5 and closes
    assert [pool.acquire(6.0) for _ in range(2)] == ["new", "full"]


def test_without_a_keep_alive_nothing_closes_and_without_a_limit_nobody_waits() -> None:
    pool = Connections(1, None)
    assert pool.acquire(0.0) == "new"
    pool.release(0.0)
    assert pool.acquire(1e9) == "reused"
    unlimited = Connections(None, 1.0)
    assert [unlimited.acquire(0.0) for _ in range(1000)] == ["new"] * 1000


# --- verified tokens ---


def verification(algorithm: str = "ES256", audience: str = "api") -> Verification:
    key = generate_signing_key(algorithm, "k")  # type: ignore[arg-type]
    claims = build_access_token_claims("as", audience, "user", "client", "read", 0.0, 60.0, "jti", {})
    return Verification(sign_access_token(claims, key), key.verification_key, (algorithm,), "as", "api")


@pytest.mark.parametrize("remember", [True, False])
def test_the_verifier_counts_what_is_distinct_on_each_host_whether_it_remembers_or_not(remember: bool) -> None:
    good, bad, other = verification(), verification(audience="someone else"), verification("EdDSA")
    verifier = VerificationCache(remember)
    for _ in range(3):
        assert verifier(good, "service").claims is not None
        assert verifier(bad, "service").claims is None
        assert verifier(other, "service").claims is not None
        assert verifier(good, "authorization_server").claims is not None
    assert verifier.count_distinct("service", "ES256") == 2
    assert verifier.count_distinct("service", "EdDSA") == 1
    assert verifier.count_distinct("service", "RS256") == 0
    assert verifier.count_distinct("authorization_server", "ES256") == 1


@pytest.mark.parametrize("remember", [True, False])
def test_of_many_tokens_the_verifier_forgets_the_earliest_and_counts_each_once(
    remember: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification_cache, "RECENT", 2)
    kinds = [verification(audience=f"audience {number}") for number in range(9)]
    verifier = VerificationCache(remember)
    for kind in (*kinds, kinds[-1], *kinds):
        assert verifier(kind, "service") == kind()
    assert verifier.count_distinct("service", "ES256") == len(kinds)
    assert len(verifier._recent) + len(verifier._earlier) == (4 if remember else 0)
