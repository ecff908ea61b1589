"""No attack is a dud: where the check is left out, it goes through; and each cell follows from what decides it."""

import sys
from dataclasses import fields
from typing import Any

import pytest

from simlib.attacks import ATTACKS, AttackerAssets
from simlib.decision.attack_findings import compute_findings, describe_cell
from simlib.experiment.attack_matrix import tabulate_attacks
from simlib.flows import VULNERABLE_FLOWS
from simlib.flows import authorization_code as code_flow
from simlib.flows.authorization_code import Safeguards
from simlib.pentest.attacker_assets import ASSETS, obtain_assets
from simlib.pentest.network import ATTACKER
from simlib.pentest.target import ATTACKER_USER, OWNER_USER
from simlib.report.attack_report import attack_figure
from simlib.report.attack_text import (
    build_attack_run_document,
    build_attack_tables,
    describe_attack_run,
    format_cells,
    select_noteworthy,
)
from simlib.report.figure_style import render_png
from simlib.scenario.effects import Verdict
from simlib.services.authorization_code import redeem_authorization_code
from simlib.services.vulnerable import VULNERABLE_SERVERS
from simlib.strategies import local_validator, opaque_introspection
from simlib.strategies.jwt_local import JwtLocal
from simlib.strategies.vulnerable import VULNERABLE_PARTS
from simlib.tokens import Verification
from support.attacking import TOKEN_ATTACKS, accepted, attacked, matrix, settled, tiny

FLOW_ATTACKS = [name for name in ATTACKS if name not in TOKEN_ATTACKS]
INHERENT = {"device_phishing": "device", "browser_storage": "spa", "stolen_refresh_token": "spa"}
"""Attacks that a sound flow lets through, with a kind of client: no server and no client can tell, only the user."""


@pytest.mark.parametrize("attack", TOKEN_ATTACKS)
def test_an_attack_on_tokens_goes_through_with_a_victim_or_a_careless_server(attack: str) -> None:
    assert accepted("victims", attack) or accepted("careless", attack)


@pytest.mark.parametrize("attack", FLOW_ATTACKS)
def test_an_attack_on_flows_goes_through_where_a_check_is_left_out_or_no_check_can_help(attack: str) -> None:
    if attack in INHERENT:
        assert INHERENT[attack] in {cell.target.kind for cell in accepted("flows", attack)}
    else:
        assert accepted("careless", attack)
        assert accepted("flows", attack) == []


INSTEAD = {name: kind.instead for parts in VULNERABLE_PARTS.values() for name, kind in parts.items()}


def met(group: str, design: str) -> dict[str, str]:
    """Attack -> how it ended."""
    return {
        cell.attack_run.attack: cell.attack_run.outcome
        for cell in matrix()
        if (cell.group, cell.target.design.name) == (group, design)
    }


@pytest.mark.parametrize("victim", list(INSTEAD))
def test_every_victim_falls_for_something_that_the_sound_part_in_its_place_refuses(victim: str) -> None:
    own, sound = met("victims", victim), met("sound", INSTEAD[victim])
    lost = [attack for attack in own if own[attack] == "accepted" and sound[attack] == "refused"]
    assert lost
    assert set(own) == set(sound)


@pytest.mark.parametrize("victim", ["no_audience", "no_issuer", "no_type", "no_time", "header_key", "header_algorithm"])
def test_a_victim_that_leaves_one_check_out_falls_for_that_one_alone(victim: str) -> None:
    own, sound = met("victims", victim), met("sound", INSTEAD[victim])
    expected = {
        "no_audience": {"wrong_audience"},
        "no_issuer": {"wrong_issuer"},
        "no_type": {"id_token_as_access_token"},
        "no_time": {"expired_token", "early_token"},
        "header_key": {"header_injection"},
        "header_algorithm": {"unsigned_token", "key_confusion"},
    }
    assert {attack for attack in own if own[attack] != sound[attack]} == expected[victim]


@pytest.mark.parametrize("flow", list(VULNERABLE_FLOWS))
def test_every_victim_flow_is_attacked_and_all_but_one_fall(flow: str) -> None:
    cells = [c for c in matrix() if c.attack_run.flow == flow]
    lost = {c.attack_run.attack for c in cells if c.attack_run.outcome == "accepted"} - set(INHERENT)
    if flow == "backend_with_readable_cookie":
        lost = {c.attack_run.attack for c in cells if c.attack_run.outcome == "accepted"}
    assert cells
    # Without state alone nothing is lost: PKCE tells a foreign code as well (RFC 9700 section 4.7.1).
    assert (lost == set()) == (flow == "code_without_state")


@pytest.mark.parametrize("server", [s for s in VULNERABLE_SERVERS.values() if s.kinds], ids=lambda s: s.name)
def test_every_careless_server_lets_something_through_that_lasts_or_that_the_sound_one_refuses(server: Any) -> None:
    cells = [c for c in matrix() if c.target.server == server.name and c.group == "careless"]
    lost = {c.attack_run.attack for c in cells if c.attack_run.outcome == "accepted"}
    lasting = {c.attack_run.attack for c in cells if c.attack_run.lasted}
    sound = {a for a in ATTACKS if accepted("designs", a) or accepted("flows", a)}
    assert lost - sound or lasting


# --- the cells follow from the code ----------------------------------------------------------------------------------


def verify_without_audience(self: Any, token: str, key: Any) -> Verification:
    return Verification(token, key, self._settings.algorithms, self._deployment.issuer, None)


def accept_at_any_time(claims: Any, now: float, leeway: float, scope: str) -> Verdict:
    return Verdict(True, claims=claims)


FLIPS: dict[str, tuple[Any, str, Any]] = {
    "wrong_audience": (JwtLocal, "_build_verification", verify_without_audience),
    "expired_token": (local_validator, "judge_claims", accept_at_any_time),
    "early_token": (local_validator, "judge_claims", accept_at_any_time),
    "scope_from_cache": (local_validator, "judge_claims", accept_at_any_time),
}
"""Attack -> where a check of the JWT design is, and what takes it away."""


@pytest.mark.parametrize("attack", list(FLIPS))
def test_a_cell_changes_when_its_check_is_taken_away(attack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    design = tiny().designs["jwt_local"]
    assert attacked(design, attack).outcome == "refused"
    owner, name, vulnerable = FLIPS[attack]
    monkeypatch.setattr(owner, name, vulnerable)
    assert attacked(design, attack).outcome == "accepted"


def test_the_cell_of_opaque_tokens_changes_when_active_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    design = tiny().designs["opaque_introspection"]
    assert attacked(design, "use_after_revocation").check == "service: inactive"
    monkeypatch.setattr(
        opaque_introspection, "judge_answer", lambda result, *rest, **more: Verdict(True, claims=result.answer)
    )
    assert attacked(design, "use_after_revocation").lasted


def test_the_cell_of_a_flow_changes_with_the_safeguards_of_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    design = tiny().designs["jwt_local"]
    mixed = {"kind": "spa", "flow": "authorization_code"}
    assert attacked(design, "issuer_mixup", **mixed).check == "browser: iss"
    monkeypatch.setattr(code_flow.AuthorizationCode, "safeguards", Safeguards(issuer=False))
    assert attacked(design, "issuer_mixup", **mixed).outcome == "accepted"


def test_the_cell_of_a_code_changes_with_the_proof_at_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    design = tiny().designs["jwt_local"]
    assert attacked(design, "code_interception", kind="mobile").check == "token: invalid_grant"
    monkeypatch.setattr(sys.modules[redeem_authorization_code.__module__], "_is_proven", lambda caller, details: True)
    assert attacked(design, "code_interception", kind="mobile").outcome == "accepted"


# --- who is who ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attack", "flow", "whose"),
    [("login_csrf", "bare_code", ATTACKER_USER), ("code_injection", "code_without_pkce", OWNER_USER)],
)
def test_a_foreign_code_makes_the_client_work_for_somebody_else(attack: str, flow: str, whose: int) -> None:
    """The victim's client works for the attacker, or the attacker's session for the victim."""
    session = settled(tiny().designs["jwt_local"], kind="web", flow=flow)
    kind = ATTACKS[attack]
    running = session.attack = kind(obtain_assets(session, kind.needs))
    candidates = session.tracer.run(ATTACKER, running.prepare(session.tracer.get_context(ATTACKER)))
    answer = session.tracer.run(ATTACKER, running.attempt(session.tracer.get_context(ATTACKER), candidates[0]))
    assert answer.status == 200
    assert session.sink.close()["tokens"]["user"][-1] == whose
    session.close()


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_says_what_it_is_where_it_comes_from_and_what_it_needs(name: str) -> None:
    kind = ATTACKS[name]
    assert kind.name == name
    assert kind.summary
    assert any(word in kind.source for word in ("RFC ", "draft-"))
    assert set(kind.needs) <= {field.name for field in fields(AttackerAssets)} & set(ASSETS)
    assert kind.__module__.startswith("simlib.attacks.")


def test_the_same_attack_twice_ends_the_same() -> None:
    design = tiny().designs["jwt_local"]
    first, again = (attacked(design, "use_after_revocation") for _ in range(2))
    assert first.attempts == again.attempts
    assert (first.outcome, first.check, first.seconds) == (again.outcome, again.check, again.seconds)


# --- what the whole matrix shows ------------------------------------------------------------------------------------


def test_it_shows_what_the_project_claims_about_security() -> None:
    found: dict[str, list[str]] = {}
    for finding in compute_findings(matrix()):
        found.setdefault(finding.about, []).append(finding.sentence)
    assert "none is refused by every JWT and accepted with some opaque token" in found["format"][0]
    assert "6 of 6 designs that bind" in found["binding"][0]
    same, of = (int(word) for word in found["flow"][0].split() if word.isdigit())
    assert same == of > 30
    spa, bff = "authorization_code (spa)", "backend_for_frontend (spa_bff)"
    assert f"browser_storage is accepted with {spa} and refused with {bff}." in found["flow"]
    checks = {said.split()[0]: said for said in found["check"]}
    assert "unsigned_token (until the run ended)" in checks["decoded_only"]
    assert checks["no_audience"] == "no_audience accepts what jwt_local refuses or ends: wrong_audience (29 s)."


def test_every_cell_says_why() -> None:
    frame = tabulate_attacks(matrix())
    assert len(frame) == len(matrix())
    assert (frame["check"].str.len() > 0).all()
    assert set(frame["outcome"]) == {"refused", "accepted", "inapplicable"}
    assert (frame.loc[frame["outcome"] != "accepted", "requests"] == 0).all()
    assert (frame.loc[frame["outcome"] == "accepted", "requests"] > 0).all()


def test_tables_hold_every_cell_of_sound_designs_once() -> None:
    tables = {table.title: table for table in build_attack_tables(matrix())}
    assert list(tables["Attacks on tokens"].rows) == TOKEN_ATTACKS
    assert tables["Attacks on tokens"].columns == tuple(tiny().designs)
    flows = tables["Attacks on flows"].rows["browser_storage"]
    assert format_cells(flows["client_credentials (machine)"]) == "-"
    assert format_cells(flows["authorization_code (spa)"]).startswith("accepted ")
    refreshed = tables["Attacks on flows"].rows["stolen_refresh_token"]["authorization_code (spa)"]
    assert " to " in format_cells(refreshed)
    assert format_cells([refreshed[0], flows["client_credentials (machine)"][0]]).endswith(" / -")


@pytest.mark.parametrize("against", ["token", "flow"])
def test_a_figure_is_drawn_and_described(against: Any) -> None:
    figure, words = attack_figure(matrix(), against)
    assert render_png(figure, dpi=20).startswith(b"\x89PNG")
    assert "Accepted: " in words
    assert len(words) > 40


def test_a_figure_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no cell"):
        attack_figure([], "token")


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_an_attack_is_told_with_what_was_sent_and_answered(attack: str) -> None:
    for one in select_noteworthy(matrix(), attack):
        lines = list(describe_attack_run(one))
        assert lines[0] == describe_cell(one)
        sent = [line for line in lines if " -> " in line]
        assert len(sent) == sum(line.strip().startswith("answered: ") for line in lines)
        assert len(build_attack_run_document(one)["messages"]) == len(one.attack_run.messages)


def test_what_is_told_shows_no_whole_secret() -> None:
    for one in matrix():
        lines = "\n".join(describe_attack_run(one))
        assert "password=(hidden)" in lines or "password=" not in lines
