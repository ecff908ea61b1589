"""What a matrix shows is computed from its cells, and is shown whole."""

from dataclasses import replace
from typing import Any

import pytest

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import cell_words, find
from simlib.engine.arena.encounter import Encounter
from simlib.engine.arena.ground import Ground
from simlib.experiment.attack_matrix import Cell, attack_frame
from simlib.report.attack_cells import attack_tables, cell_text
from simlib.report.attack_figure import attack_figure
from simlib.report.attack_telling import encounter_lines, told, worth_telling
from simlib.report.rendering import to_png
from support.attacking import TOKEN_ATTACKS, matrix, tiny

OPAQUE, CACHED, JWT = tiny().designs.values()
SECONDS = {"accepted": 20.0}


def cell(group: Any, design: Any, attack: str, outcome: Any, **more: Any) -> Cell:
    """A cell as it might be."""
    seconds, requests = SECONDS.get(outcome, 0.0), 21 if outcome == "accepted" else 0
    met = Encounter(attack, design.name, "web", "authorization_code", "", outcome, "service: why", seconds, requests)
    return Cell(group, Ground(tiny(), design, "web"), replace(met, **more))


def sentences(*cells: Cell) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in find(cells):
        assert set(finding.cells) <= {cell_words(one) for one in cells}
        assert finding.cells
        found.setdefault(finding.about, []).append(finding.sentence)
    return found


def test_no_cells_show_nothing() -> None:
    assert find(()) == ()


def test_the_same_word_for_both_formats_is_counted() -> None:
    cells = [cell("designs", d, a, "refused") for d in (OPAQUE, JWT) for a in ("wrong_audience", "expired_token")]
    cells += [cell("designs", OPAQUE, "use_after_revocation", "refused")]
    cells += [cell("designs", JWT, "use_after_revocation", "accepted")]
    (said,) = sentences(*cells)["format"]
    assert said.startswith("Of 3 attacks that can be tried on opaque tokens and on JWTs, 2 end with the same word")
    assert "none is refused by every JWT" in said
    assert "use_after_revocation, differ" in said


def test_a_format_that_did_protect_would_be_said_to() -> None:
    cells = [cell("designs", OPAQUE, "wrong_audience", "accepted"), cell("designs", JWT, "wrong_audience", "refused")]
    (said,) = sentences(*cells)["format"]
    assert "1 (wrong_audience) is refused by every JWT" in said


def test_what_can_be_tried_on_jwts_only_is_named_with_how_it_ended() -> None:
    nothing = cell("designs", OPAQUE, "unsigned_token", "inapplicable")
    same = [cell("designs", d, "expired_token", "refused") for d in (OPAQUE, JWT)]
    said = sentences(nothing, *same, cell("designs", JWT, "unsigned_token", "refused"))["format"][1]
    assert said.startswith("1 further attacks")
    assert said.endswith("Every design that verifies refuses them all.")
    said = sentences(nothing, *same, cell("designs", JWT, "unsigned_token", "accepted"))["format"][1]
    assert said.endswith("Accepted somewhere: unsigned_token.")


def test_flows_are_told_apart_only_when_they_differ() -> None:
    web = cell("flows", JWT, "browser_storage", "accepted", flow="authorization_code")
    bff = cell("flows", JWT, "browser_storage", "refused", flow="backend_for_frontend")
    assert "flow" not in sentences(web)
    (said,) = sentences(web, bff)["flow"]
    assert said.startswith("browser_storage is accepted with authorization_code")


class TestTheTinyMatrix:
    """The real thing, with designs, victims and all flows."""

    def test_it_shows_what_the_project_claims_about_security(self) -> None:
        found = sentences(*matrix())
        assert "none is refused by every JWT and accepted with some opaque token" in found["format"][0]
        assert "6 of 6 designs that bind" in found["binding"][0]
        same, of = (int(word) for word in found["flow"][0].split() if word.isdigit())
        assert same == of > 30
        spa, bff = "authorization_code (spa)", "backend_for_frontend (spa_bff)"
        assert f"browser_storage is accepted with {spa} and refused with {bff}." in found["flow"]
        checks = {said.split()[0]: said for said in found["check"]}
        assert "unsigned_token (until the run ended)" in checks["decoded_only"]
        assert checks["no_audience"] == "no_audience accepts what jwt_local refuses or ends: wrong_audience (29 s)."

    def test_every_cell_says_why(self) -> None:
        frame = attack_frame(matrix())
        assert len(frame) == len(matrix())
        assert (frame["check"].str.len() > 0).all()
        assert set(frame["outcome"]) == {"refused", "accepted", "inapplicable"}
        assert (frame.loc[frame["outcome"] != "accepted", "requests"] == 0).all()
        assert (frame.loc[frame["outcome"] == "accepted", "requests"] > 0).all()

    def test_tables_hold_every_cell_of_sound_designs_once(self) -> None:
        tables = {table.title: table for table in attack_tables(matrix())}
        assert list(tables["Attacks on tokens"].rows) == TOKEN_ATTACKS
        assert tables["Attacks on tokens"].columns == tuple(tiny().designs)
        flows = tables["Attacks on flows"].rows["browser_storage"]
        assert cell_text(flows["client_credentials (machine)"]) == "-"
        assert cell_text(flows["authorization_code (spa)"]).startswith("accepted")

    @pytest.mark.parametrize("against", ["token", "flow"])
    def test_a_figure_is_drawn_and_described(self, against: Any) -> None:
        figure, words = attack_figure(matrix(), against)
        assert to_png(figure).startswith(b"\x89PNG")
        assert "Accepted: " in words
        assert len(words) > 40

    def test_a_figure_of_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no cell"):
            attack_figure([], "token")

    @pytest.mark.parametrize("attack", list(ATTACKS))
    def test_an_attack_is_told_with_what_was_sent_and_answered(self, attack: str) -> None:
        for one in worth_telling(matrix(), attack):
            lines = list(encounter_lines(one))
            assert lines[0] == cell_words(one)
            sent = [line for line in lines if " -> " in line]
            assert len(sent) == sum(line.strip().startswith("answered: ") for line in lines)
            assert len(told(one)["messages"]) == len(one.encounter.messages)

    def test_what_is_told_shows_no_whole_secret(self) -> None:
        for one in matrix():
            lines = "\n".join(encounter_lines(one))
            assert "password=(hidden)" in lines or "password=" not in lines
