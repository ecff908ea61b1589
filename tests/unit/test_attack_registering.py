"""Registration of attacks: a class that is no attack is refused in one line, and an attack is tried like the others."""

from typing import Any

import pytest

from simlib.attacks import ATTACKS, register_attack
from simlib.attacks.claim_checks import ExpiredToken
from simlib.scenario.registry import isolate_registrations

MEMBERS = {
    name: getattr(ExpiredToken, name)
    for name in (
        *("name", "summary", "source", "against", "needs", "single_use", "work_threshold"),
        *("prepare", "attempt", "list_endpoints"),
    )
}


def test_an_attack_is_listed_once_it_is_registered() -> None:
    attack: Any = type("Mine", (), {**MEMBERS, "name": "mine"})
    with isolate_registrations():
        register_attack(attack)
        assert ATTACKS["mine"] is attack
    assert "mine" not in ATTACKS


@pytest.mark.parametrize("left", MEMBERS)
def test_a_class_without_the_members_of_an_attack_is_refused(left: str) -> None:
    attack: Any = type("Mine", (), {name: value for name, value in MEMBERS.items() if name != left})
    with isolate_registrations(), pytest.raises(ValueError, match=f"^Mine is no attack: it has no {left}$"):
        register_attack(attack)


def test_the_name_of_a_built_in_attack_stays_its_own() -> None:
    attack: Any = type("Mine", (), dict(MEMBERS))
    with isolate_registrations(), pytest.raises(ValueError, match="there is a built-in 'expired_token' already"):
        register_attack(attack)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"against": "both"}, "against is 'both'; allowed: 'token', 'flow'"),
        ({"needs": ("expired_token", "a wish")}, "it needs 'a wish'; allowed: "),
    ],
    ids=["against", "needs"],
)
def test_an_attack_against_something_else_or_with_other_needs_is_refused(changes: dict[str, Any], reason: str) -> None:
    attack: Any = type("Mine", (), {**MEMBERS, "name": "mine", **changes})
    with isolate_registrations(), pytest.raises(ValueError, match=f"^Mine is no attack: {reason}"):
        register_attack(attack)
