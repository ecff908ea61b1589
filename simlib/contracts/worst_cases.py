"""Worst cases of a bound: schedules in which a token is accepted as late as the declared bound allows.

A bound is declared as low as possible: one of the schedules reaches nine tenths of it.
"""

import math
from collections.abc import Callable
from functools import partial

from simlib.contracts.cases import VariedCase
from simlib.contracts.configuration import PUSHED, SHARED
from simlib.contracts.requirements import require, require_accepted
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.contracts.stepping import Delay
from simlib.scenario.effects import Failed

MOMENTS = (0.02, 0.5, 0.92, 0.96, 0.999, 1.0, 1.05, 1.3)
"""Instants at which a revoked token is presented again, in shares of the bound."""
TIGHTNESS = 0.9
"""Share of a declared bound that a worst case reaches."""
ANSWER_DELAYS_S = (0.1, 0.95, 1.0, 3.0, 6.6, 7.0, 20.0)
LIFETIMES_S = (5.0, 300.0)


def measure_exposure(stepped: SteppedDeployment, token: str, bound: float) -> float:
    """Revoke a token and present it again and again; returns the last acceptance, seconds after the revocation."""
    stepped.revoke(token)
    exposure, revoked_at = -math.inf, stepped.now
    for share in MOMENTS:
        stepped.at(max(stepped.now, revoked_at + bound * share))
        if stepped.present(token).accepted:
            exposure = stepped.now - revoked_at
    return exposure


def _present_new_token(stepped: SteppedDeployment) -> str:
    token = stepped.issue().token
    require_accepted(stepped.present(token), "a valid token")
    return token


def revoke_known_token(stepped: SteppedDeployment, bound: float) -> float:
    """The resource server knows the token."""
    return measure_exposure(stepped, _present_new_token(stepped), bound)


def revoke_new_token(stepped: SteppedDeployment, bound: float) -> float:
    """The resource server sees the token only after the revocation."""
    return measure_exposure(stepped, stepped.issue().token, bound)


def revoke_before_outage(stepped: SteppedDeployment, bound: float) -> float:
    """The token is known; then no server reaches another one."""
    token = _present_new_token(stepped)
    stepped.answer_all(Failed("unreachable"))
    stepped.cut()
    return measure_exposure(stepped, token, bound)


def lose_pushes(stepped: SteppedDeployment, bound: float) -> float:
    """The token is known; then the authorization server answers, but its own messages are lost."""
    token = _present_new_token(stepped)
    stepped.cut()
    return measure_exposure(stepped, token, bound)


def revoke_after_poll(stepped: SteppedDeployment, bound: float) -> float:
    """The token is revoked right after a call of the resource server's background work; then follows an outage."""
    token = stepped.issue().token
    for _ in range(40):
        calls = sum(stepped.calls.values())
        stepped.at(stepped.now + bound / 50)
        if sum(stepped.calls.values()) > calls:
            break
    stepped.present(token)
    stepped.answer_all(Failed("unreachable"))
    return measure_exposure(stepped, token, bound)


def revoke_during_outage(stepped: SteppedDeployment, bound: float) -> float:
    """The token is known; the resource server's calls fail from before the revocation."""
    token = _present_new_token(stepped)
    stepped.answer_all(Failed("unreachable"))
    return measure_exposure(stepped, token, bound)


def revoke_during_answer(factor: float, warm: bool, stepped: SteppedDeployment, bound: float) -> float:
    """The token is revoked while an answer about it travels for ``factor`` times the bound.

    ``warm``: what is fetched for all tokens is present already, and only that answer is slow.
    """
    token = stepped.issue().token
    if warm:
        require_accepted(stepped.present(stepped.issue("user-2").token), "a valid token")
    stepped.stepper.delay = partial(_delay_answer, factor * bound)
    flow = stepped.begin(token)
    stepped.at(stepped.now)
    stepped.cut(PUSHED)
    if warm:
        stepped.stepper.delay = partial(_delay_answer, 0.0)
    stepped.revoke(token)
    revoked_at = stepped.now
    stepped.stepper.run()
    return flow.at - revoked_at if flow.value.accepted else -math.inf


def revoke_unpushed_token(stepped: SteppedDeployment, bound: float) -> float:
    """The token was never pushed, and is revoked while an answer about it travels; the shared store is quick."""
    stepped.cut(PUSHED)
    token = stepped.issue().token
    stepped.stepper.delay = partial(_delay_answers, 0.95 * bound, 0.0)
    flow = stepped.begin(token)
    stepped.at(stepped.now).stepper.delay = partial(_delay_answer, 0.0)
    stepped.revoke(token)
    revoked_at = stepped.now
    stepped.stepper.run()
    return flow.at - revoked_at if flow.value.accepted else -math.inf


def revoke_before_slow_answer_and_outage(stepped: SteppedDeployment, bound: float) -> float:
    """The token is revoked while a slow answer about it travels; the answer is used in an outage that follows."""
    token = stepped.issue().token
    stepped.stepper.delay = partial(_delay_answer, 0.65 * bound)
    flow = stepped.begin(token)
    stepped.at(stepped.now)
    stepped.revoke(token)
    exposure, revoked_at = -math.inf, stepped.now
    stepped.at(revoked_at + 0.65 * bound).answer_all(Failed("unreachable"))
    stepped.stepper.delay = partial(_delay_answer, 0.0)
    for share in MOMENTS[2:]:
        stepped.at(max(stepped.now, revoked_at + share * bound))
        if flow.done and stepped.present(token).accepted:
            exposure = stepped.now - revoked_at
    return exposure


def use_until_refused(stepped: SteppedDeployment, bound: float) -> float:
    """The token is revoked at once and used often enough to be renewed as long as the validator renews it."""
    token, revoked_at = stepped.issue().token, stepped.now
    stepped.revoke(token)
    exposure, step = -math.inf, 0.6 * stepped.deployment.token_lifetime_s
    while stepped.at(stepped.now + step).now <= revoked_at + 1.3 * bound:
        verdict = stepped.present(token)
        if not verdict.accepted:
            break
        exposure = stepped.now - revoked_at
        if verdict.cookie is None:
            step = 0.05 * bound
        else:
            token = verdict.cookie.value
    return exposure


def _delay_answer(seconds: float, target: str) -> Delay:
    return Delay(0.0, seconds)


def _delay_answers(seconds: float, store_seconds: float, target: str) -> Delay:
    return Delay(0.0, store_seconds if target == SHARED else seconds)


WORST_CASES: tuple[Callable[[SteppedDeployment, float], float], ...] = (
    revoke_known_token,
    revoke_new_token,
    revoke_before_outage,
    lose_pushes,
    revoke_after_poll,
    use_until_refused,
    revoke_during_outage,
    revoke_unpushed_token,
    revoke_before_slow_answer_and_outage,
    *(partial(revoke_during_answer, factor, False) for factor in (0.48, 0.95, 1.0, 1.05, 1.3, 1.9, 3.0)),
    *(partial(revoke_during_answer, factor, True) for factor in (0.95, 1.0)),
)


def check_revocation_bound(case: VariedCase, lifetime_s: float) -> None:
    """The bound after a revocation holds in every worst case, and one of them reaches nine tenths of it."""
    exposures, bounds = [], []
    for worst_case in WORST_CASES:
        stepped = case.build(lifetime_s=lifetime_s)
        bounds.append(stepped.validator.compute_bound().after_revocation_s)
        exposures.append(worst_case(stepped, bounds[-1]))
    require(len(set(bounds)) == 1, "equal settings must have equal bounds")
    longest, bound = max(exposures), bounds[0]
    require(
        longest <= bound,
        f"a token is accepted {longest:g} s after its revocation, the declared bound is {bound:g} s",
    )
    require(
        longest >= TIGHTNESS * bound,
        f"the bound after a revocation is declared too high: {bound:g} s, but the worst case is {longest:g} s",
    )


def check_expiry_bound(case: VariedCase) -> None:
    """The bound after the expiry holds, however long answers travel, and is reached up to a tenth."""
    bound, late = case.build().validator.compute_bound().after_expiry_s, [0.0]
    longest = 0.95 * bound
    delays = [(seconds, seconds) for seconds in (*ANSWER_DELAYS_S, longest)]
    for seconds, store_seconds, reached in (*((*delay, True) for delay in delays), (longest, 0.0, False)):
        stepped = case.build()
        if not reached:
            stepped.cut(PUSHED)
        token = stepped.issue().token
        stepped.restore()
        # What is fetched for all tokens, such as keys, is present.
        require_accepted(stepped.at(299.5).present(stepped.issue("user-2").token), "a valid token")
        stepped.at(299.999).stepper.delay = partial(_delay_answers, seconds, store_seconds)
        flows = [stepped.begin(token)]
        stepped.at(300.0 + seconds).stepper.delay = partial(_delay_answer, 0.0)
        flows.append(stepped.begin(token))
        stepped.stepper.run()
        late += [flow.at - 300.0 for flow in flows if flow.value.accepted]
    require(
        max(late) < bound or bound == 0.0 == max(late),
        f"a token is accepted {max(late):g} s after its expiry, the declared bound is {bound:g} s",
    )
    require(
        max(late) >= TIGHTNESS * bound,
        f"the bound after the expiry is declared too high: {bound:g} s, but the worst case is {max(late):g} s",
    )
