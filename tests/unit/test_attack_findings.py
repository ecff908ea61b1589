"""Findings of an attack matrix are computed from its cells, and are complete."""

from dataclasses import replace
from typing import Any

from simlib.decision.attack_findings import compute_findings, describe_cell
from simlib.experiment.attack_matrix import Cell
from simlib.pentest.attack_run import AttackRun
from simlib.pentest.design_variants import list_sender_constrained_variants
from simlib.pentest.target import Target
from support.attacking import tiny

OPAQUE, CACHED, JWT = tiny().designs.values()
SECONDS = {"accepted": 20.0}


def cell(group: Any, design: Any, attack: str, outcome: Any, **more: Any) -> Cell:
    """A cell as it might be."""
    seconds, requests = SECONDS.get(outcome, 0.0), 21 if outcome == "accepted" else 0
    met = AttackRun(attack, design.name, "web", "authorization_code", "", outcome, "service: why", seconds, requests)
    return Cell(group, Target(tiny(), design, "web"), replace(met, **more))


def sentences(*cells: Cell) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in compute_findings(cells):
        assert set(finding.cells) <= {describe_cell(one) for one in cells}
        assert finding.cells
        found.setdefault(finding.about, []).append(finding.sentence)
    return found


def test_no_cells_show_nothing() -> None:
    assert compute_findings(()) == ()


def test_the_same_word_for_both_formats_is_counted() -> None:
    cells = [cell("designs", d, a, "refused") for d in (OPAQUE, JWT) for a in ("wrong_audience", "expired_token")]
    cells += [cell("designs", OPAQUE, "use_after_revocation", "refused")]
    cells += [cell("designs", JWT, "use_after_revocation", "accepted")]
    (said,) = sentences(*cells)["format"]
    assert said.startswith("Of 3 attacks that can be tried on opaque tokens and on JWTs, 2 have the same outcome")
    assert "none is refused by every JWT" in said
    assert "use_after_revocation (opaque 0 of 1, jwt 1 of 1)" in said


def test_a_format_that_did_protect_would_be_said_to() -> None:
    cells = [cell("designs", OPAQUE, "wrong_audience", "accepted"), cell("designs", JWT, "wrong_audience", "refused")]
    (said,) = sentences(*cells)["format"]
    assert "1 (wrong_audience) is refused by every JWT" in said


def test_what_can_be_tried_on_jwts_only_is_named_with_how_it_ended() -> None:
    nothing = cell("designs", OPAQUE, "unsigned_token", "inapplicable")
    same = [cell("designs", d, "expired_token", "refused") for d in (OPAQUE, JWT)]
    said = sentences(nothing, *same, cell("designs", JWT, "unsigned_token", "refused"))["format"][1]
    assert said.startswith("1 further attack can be tried on JWTs")
    assert said.endswith("Every design that verifies refuses them all.")
    said = sentences(nothing, *same, cell("designs", JWT, "unsigned_token", "accepted"))["format"][1]
    assert said.endswith("Accepted somewhere: unsigned_token.")


def test_what_a_binding_does_is_not_told_of_the_flow_or_the_format() -> None:
    bound = next(design for design in list_sender_constrained_variants(tiny()) if design.name == f"{JWT.name}+dpop")
    free = [cell("flows", design, "browser_storage", "accepted") for design in (OPAQUE, JWT)]
    (said,) = sentences(*free, cell("flows", bound, "browser_storage", "refused"))["flow"]
    assert said.startswith("In 1 of 1 pairs")
    assert said.endswith(", designs that bind tokens to a key left aside.")
    (said,) = sentences(*free)["flow"]
    assert said.endswith("every token format of the scenario.")


def test_flows_are_told_apart_only_when_they_differ() -> None:
    web = cell("flows", JWT, "browser_storage", "accepted", flow="authorization_code")
    bff = cell("flows", JWT, "browser_storage", "refused", flow="backend_for_frontend")
    assert "flow" not in sentences(web)
    (said,) = sentences(web, bff)["flow"]
    assert said.startswith("browser_storage is accepted with authorization_code")
