"""Every attack on tokens against one design for every part of the catalogue: refused, or accepted for no longer than
the design promises. Nothing here names a strategy."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.attacks import ATTACKS
from simlib.contracts import simulation
from simlib.pentest.attack_session import AttackSession
from simlib.pentest.attacker_assets import obtain_assets
from simlib.pentest.design_variants import find_token_format
from simlib.pentest.network import ATTACKER
from simlib.scenario.design import Design
from simlib.scenario.effects import Failed
from simlib.strategies import CATALOGUE
from support.attacking import TOKEN_ATTACKS, attacked, catalogue, settled, tiny

DESIGNS = list(catalogue().values())
EVERY_DESIGN = pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
ENCRYPTED = [design for design in DESIGNS if hasattr(design.get_settings("service"), "key_management")]
EXCESSIVE = [name for name in TOKEN_ATTACKS if ATTACKS[name].work_threshold]
ALWAYS_CHECKED = [
    name for name in TOKEN_ATTACKS if name not in (*simulation.ABOUT_LIFE, *EXCESSIVE, simulation.MINTING)
]


def test_every_part_of_the_catalogue_is_attacked() -> None:
    stand = {(place, chosen.part) for design in DESIGNS for place, chosen in design.parts.items()}
    for place in ("client", "service", "authorization_server"):
        assert {(place, name) for name in CATALOGUE[place]} <= stand
    assert {("gateway", name) for name in set(CATALOGUE["gateway"]) - set(CATALOGUE["service"])} <= stand


@pytest.mark.parametrize("wrapper", list(CATALOGUE["wrappers"].values()), ids=lambda kind: kind.name)
def test_every_wrapper_is_attacked_with_every_format_that_it_is_for(wrapper: Any) -> None:
    wrapped = [design for design in DESIGNS if wrapper.name in [chosen.part for chosen in design.wrappers]]
    assert {find_token_format(design) for design in wrapped} == set(map(str, wrapper.formats))


@EVERY_DESIGN
def test_no_forged_or_misdirected_token_is_accepted(design: Design) -> None:
    for attack in ALWAYS_CHECKED:
        simulation.check_refused_attack(tiny(), design, attack)


@EVERY_DESIGN
def test_a_stolen_token_is_accepted_for_no_longer_than_the_design_declares(design: Design) -> None:
    for attack in simulation.ABOUT_LIFE:
        simulation.check_stolen_token(tiny(), design, attack)


@EVERY_DESIGN
def test_a_resource_server_can_mint_tokens_only_with_a_shared_secret(design: Design) -> None:
    simulation.check_minted_token(tiny(), design)


@pytest.mark.parametrize("design", ENCRYPTED, ids=lambda design: design.name)
@pytest.mark.parametrize("attack", EXCESSIVE)
def test_nothing_is_worked_out_before_an_encrypted_token_is_refused(design: Design, attack: str) -> None:
    met = attacked(design, attack)
    assert met.outcome == "refused"
    assert max(one.put_out for one in met.attempts) < 100 < ATTACKS[attack].work_threshold


SESSIONS: dict[str, AttackSession] = {}


def session_of(name: str) -> AttackSession:
    if name not in SESSIONS:
        SESSIONS[name] = settled(catalogue()[name])
    return SESSIONS[name]


def pieces(token: str) -> st.SearchStrategy[str]:
    """The token with something put into the place of a piece of it."""
    cut = st.integers(0, len(token))
    put = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6) | st.sampled_from(["=", ".", "A"])
    return st.builds(lambda a, b, text: token[: min(a, b)] + text + token[max(a, b) :], cut, cut, put)


@pytest.mark.parametrize("name", [n for n, d in catalogue().items() if not d.wrappers])
@settings(max_examples=10)
@given(data=st.data())
def test_no_alteration_of_a_real_token_is_accepted(name: str, data: st.DataObject) -> None:
    session = session_of(name)
    assets = obtain_assets(session, ())
    altered = data.draw(pieces(assets.own_token).filter(lambda text: text != assets.own_token))
    answer = session.tracer.run(ATTACKER, assets.as_client(altered))
    assert isinstance(answer, Failed) or answer.status in (400, 401, 403, 431)
    assert session.tracer.run(ATTACKER, assets.as_client(assets.own_token)).status == 200
