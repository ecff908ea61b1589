"""Simulation contract of parts: a scenario with the part serves its users, keeps its bound, and is reproducible."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from simlib.analysis.summary import summarise
from simlib.attacks import ATTACKS
from simlib.contracts.requirements import name_failures, require
from simlib.contracts.tiny_scenario import has_gateway_only_part, list_designs_with
from simlib.deployment.bounds import compute_design_bound
from simlib.deployment.simulate import simulate
from simlib.pentest.attack_run import AttackRun, run_attack
from simlib.pentest.attack_session import AttackSession
from simlib.pentest.design_variants import choose_client_kind, is_sender_constrained
from simlib.pentest.target import Target, prepare_target
from simlib.scenario.design import Design
from simlib.scenario.distributions import Constant
from simlib.scenario.hosts import Gateway
from simlib.scenario.scenario import Scenario
from simlib.tokens import SECRET_ALGORITHM, read_header

ABOUT_LIFE = ("replayed_bearer", "use_after_revocation", "altered_revoked_copy")
"""Attacks with genuine tokens, which only a binding or the end of the token can refuse."""
MINTING = "minted_by_resource_server"
MOST_REFUSED = 0.2
"""Share of refused requests above which a design does not serve its users; a tenth of the tokens is revoked."""
_REUSE_S = 3.0
"""Time between the issue of a token and its first use by an attacker, at most."""


def check_simulation(part: type[Any], settings: Any = None) -> None:
    """Simulate each design with a registered part twice, and run the attacks on tokens against it."""
    scenario, designs = list_designs_with(part, settings)
    require(bool(designs), "no design of the catalogue's other parts works with it")
    for design in designs:
        with name_failures(f"design {design.name}"):
            _check_run(scenario, design)
            if not hasattr(part, "obtain_credential"):
                check_attacks(scenario, design)


def _check_run(scenario: Scenario, design: Design) -> None:
    world = scenario.world
    if has_gateway_only_part(design):
        world = world.model_copy(update={"gateway": Gateway(work=Constant(value_s=0.0))})
    single = replace(scenario, world=world, designs=MappingProxyType({design.name: design}))
    try:
        records = simulate(single, design.name)
    except KeyError as error:
        raise AssertionError(f"an operation is used that the cost profile lacks: {error}") from error
    require(records.equals(simulate(single, design.name)), "two simulations of the same replication differ")
    figures = summarise(records, scenario.run.warm_up_s)
    require(figures["failed_share"] == 0, f"requests fail in a calm world ({figures['failed_share']:.1%})")
    require(figures["refused_share"] < MOST_REFUSED, f"{figures['refused_share']:.1%} of all requests are refused")
    bound = compute_design_bound(single, design).after_revocation_s
    exposure = figures["exposure_s"]
    require(
        not exposure > bound,  # NaN without a revoked token
        f"a token was accepted {exposure:g} s after its revocation, the declared bound is {bound:g} s",
    )


def check_attacks(scenario: Scenario, design: Design) -> None:
    """Attacks on tokens are refused; those with genuine tokens are accepted for no longer than the design declares."""
    for name, attack in ATTACKS.items():
        if attack.against == "token" and name not in (*ABOUT_LIFE, MINTING):
            check_refused_attack(scenario, design, name)
    for name in ABOUT_LIFE:
        check_stolen_token(scenario, design, name)
    check_minted_token(scenario, design)


def run_attack_on(scenario: Scenario, design: Design, attack: str, **target: Any) -> AttackRun:
    """Run one attack on one design; ``target`` are further fields of `Target`."""
    return run_attack(Target(scenario, design, **{"kind": choose_client_kind(scenario), **target}), attack)


def check_refused_attack(scenario: Scenario, design: Design, attack: str) -> None:
    """No forged or misdirected token is accepted."""
    result = run_attack_on(scenario, design, attack)
    require(result.outcome != "accepted", f"the attack {attack} is accepted: {result.check}")
    require(bool(result.check), f"the attack {attack} is refused without a check")


def check_stolen_token(scenario: Scenario, design: Design, attack: str) -> None:
    """A stolen token is of use for no longer than the design declares, and of none if it is bound to a key."""
    bound = compute_design_bound(*prepare_target(Target(scenario, design, "web")))
    is_replay = attack == ABOUT_LIFE[0]
    allowed = design.token_lifetime_s + bound.after_expiry_s if is_replay else bound.after_revocation_s
    result = run_attack_on(scenario, design, attack)
    require(
        result.seconds <= allowed and not result.lasted,
        f"the attack {attack} is accepted for {result.seconds:g} s, the declared bound is {allowed:g} s",
    )
    if is_sender_constrained(scenario, design):
        require(result.outcome == "refused", f"tokens are bound to a key, but the attack {attack} is {result.outcome}")
    elif is_replay:
        least = 0.9 * design.token_lifetime_s - _REUSE_S
        require(
            result.outcome == "accepted" and result.seconds > least,
            f"a bearer token must be accepted for its life, but a replay is {result.outcome} ({result.check})",
        )


def check_minted_token(scenario: Scenario, design: Design) -> None:
    """A resource server can issue tokens only where it shares a secret with the authorization server."""
    minted = run_attack_on(scenario, design, MINTING).outcome == "accepted"
    shared = has_shared_secret(scenario, design)
    ability = "can" if minted else "cannot"
    require(minted == shared, f"a resource server {ability} issue tokens; shared secret: {shared}")


def has_shared_secret(scenario: Scenario, design: Design) -> bool:
    """Check by a token whether a design signs with a secret that all servers share."""
    session = AttackSession(Target(scenario, design, choose_client_kind(scenario)))
    try:
        session.sign_in_users()
        return read_header(session.own_token).get("alg") == SECRET_ALGORITHM
    finally:
        session.close()
