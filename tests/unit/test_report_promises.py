"""Reports say for how long tokens may work that should not, and tell a world with everything in it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simlib.commands.compare_terminal import print_comparison
from simlib.decision import ValidityBounds, compute_promises, judge_comparison, list_promise_sentences
from simlib.decision.comparison import find_cached_opponent
from simlib.decision.promises import has_introspection_cache, has_self_contained_tokens, list_checking_parts
from simlib.report.cells import build_comparison_rows
from simlib.report.comparison_folder import write_report
from simlib.report.describe_comparison import describe_designs
from simlib.report.describe_world import describe_world
from simlib.report.html import render_html
from simlib.report.summary import format_verdict
from simlib.scenario.scenario import Scenario
from support.comparisons import CACHED, JWT, OPAQUE, comparison
from support.scenarios import scenario

GATEWAY = {"world__gateway": {"work": {"kind": "constant", "value_s": 0.001}, "header_limit_bytes": 16384}}
PHANTOM = {
    "title": "P",
    "token_lifetime_s": 30.0,
    "user_information": "token",
    "gateway": {"part": "phantom_token", "ttl_s": 20.0},
    "service": {"part": "jwt_local"},
    "authorization_server": {"part": "signing_reference_token"},
}


def three(**changes: Any) -> Scenario:
    return scenario(**changes)


def test_a_design_is_marked_when_its_settings_may_outlive_expiry_or_revocation() -> None:
    made = compute_promises(three(**{f"designs__{JWT}__service__leeway_s": 3.0}))
    assert made[OPAQUE].marks == ()
    assert made[CACHED].marks == ("may outlive a revocation",)
    assert made[JWT].marks == ("may outlive exp", "may outlive a revocation")
    assert (made[JWT].after_expiry_s, made[JWT].after_revocation_s) == (3.0, 33.0)


def test_a_token_may_end_while_an_answer_about_it_is_on_its_way() -> None:
    own = f"designs__{CACHED}__service__"
    made = compute_promises(three(**{f"{own}own_clock": True, f"{own}leeway_s": 3.0}))
    assert made[OPAQUE].after_expiry_s == made[OPAQUE].answer_timeout_s == 10.0
    assert made[CACHED].after_expiry_s == 3.0


def test_an_answer_on_its_way_outlives_nothing() -> None:
    assert not ValidityBounds(0.0, 10.0, 10.0).outlives_revocation
    assert ValidityBounds(0.0, 10.001, 10.0).outlives_revocation
    assert "unlimited time" in ValidityBounds(0.0, float("inf"), 10.0).sentence


def test_every_report_says_what_each_design_promises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = judge_comparison(comparison())
    sentences = list_promise_sentences(told.promises)
    assert [line.partition(":")[0] for line in sentences] == [OPAQUE, CACHED, JWT]
    assert all(line in format_verdict(told) for line in sentences)
    folder = write_report(tmp_path / "out", told)
    own = json.loads((folder / "run.json").read_text(encoding="utf-8"))["promises"]
    assert own[JWT] == {
        "after_expiry_s": 0.0,
        "after_revocation_s": 30.0,
        "outlives_expiry": False,
        "outlives_revocation": True,
    }
    page = (folder / "report.html").read_text(encoding="utf-8")
    promises = page[page.index('id="promises"') : page.index('id="scenario"')]
    assert promises.count("may outlive a revocation") == sum(row["outlives_revocation"] for row in own.values())
    print_comparison(told, None, None)
    assert "Bounds that designs guarantee" in capsys.readouterr().out


def test_behind_a_gateway_that_swaps_tokens_nobody_else_judges() -> None:
    made = three(**GATEWAY, designs__phantom=PHANTOM)
    assert [kind.name for kind, _ in list_checking_parts(made.designs["phantom"])] == ["phantom_token"]
    assert has_introspection_cache(made.designs["phantom"])
    assert not has_self_contained_tokens(made.designs["phantom"])
    assert compute_promises(made)["phantom"].outlives_revocation


def test_the_opponent_caches_whoever_judges_the_token() -> None:
    assert find_cached_opponent(three(), OPAQUE) == CACHED
    assert (
        find_cached_opponent(three(designs__opaque_cached=..., designs__phantom=PHANTOM, **GATEWAY), OPAQUE)
        == "phantom"
    )
    relayed = three(**GATEWAY, designs__opaque_cached__gateway={"part": "relay"})
    assert [kind.name for kind, _ in list_checking_parts(relayed.designs[CACHED])] == [CACHED]
    assert find_cached_opponent(relayed, OPAQUE) == CACHED


def test_a_row_of_sign_ins_is_shown_only_where_users_sign_in() -> None:
    nobody = {design: {"sign_in_share": 0.0, "sign_in_mean_s": [float("nan")] * 4} for design in (OPAQUE, CACHED, JWT)}
    for figures, shown in ((nobody, False), ({}, True)):
        names = [row.metric.name for row in build_comparison_rows(judge_comparison(comparison(figures)))]
        assert ("sign_in_share" in names, "sign_in_mean_s" in names) == (shown, shown)


def everything() -> dict[str, Any]:
    inner = {"audience": "https://in.example", "scope": "in", "work": {"kind": "constant", "value_s": 0.002}}
    far = {"kind": "constant", "value_s": 0.08}
    session = {"kind": "exponential", "mean_s": 1800.0}
    store = {name: {"kind": "constant", "value_s": 0.00001} for name in ("call", "work")}
    return {
        **GATEWAY,
        "world__service__calls": ["one"],
        "world__service__header_limit_bytes": 8192,
        "world__inner_services": {
            "one": {**inner, "reply_bytes": 100, "calls": ["two"]},
            "two": {**inner, "reply_bytes": 100},
        },
        "world__clients": [
            {"kind": "web", "share": 0.75, "session": session},
            {"kind": "mobile", "share": 0.25, "session": session},
        ],
        "world__regions": {"names": ["eu", "us"], "shares": [0.7, 0.3], "round_trips": {"eu-us": far}},
        "world__shared_store": {**store, "link": {"round_trip": {"kind": "constant", "value_s": 0.0005}}},
        "world__authorization_server__rate_limit": {"requests_per_s": 500.0, "burst": 20},
        "designs__jwt_local__wrappers": [{"part": "denylist_shared"}],
        "designs__jwt_local__refresh": {"rotation": True, "lifetime_s": 86400.0},
    }


def test_the_world_is_told_with_everything_in_it() -> None:
    told = dict(describe_world(three(**everything())))
    assert told["calls for every request"] == "one (two)"
    assert "up to 1 s early" in told["end of a token at its client"]
    assert told["clients: web"].startswith("0.75 of the users; sessions of 1,800 s")
    assert told["regions"] == "eu 0.7 of the users, us 0.3 of the users"
    assert "80 ms" in told["between regions, eu-us"]
    assert "16,384 B" in told["workers per gateway replica"]
    assert "8,192 B" in told["workers per resource server replica"]
    assert told["rate limit of each replica"].startswith("500 requests per second")
    assert "0.5 ms" in told["shared store"]
    assert {"inner service one", "inner service two", "between gateway and services"} <= told.keys()


def test_a_plain_world_is_told_without_what_it_does_not_have() -> None:
    words = " ".join(term for term, _ in describe_world(three()))
    assert not any(word in words for word in ("gateway", "inner", "region", "clients", "shared", "limit"))


def test_a_design_is_told_with_its_wrappers_flows_and_refresh_policy() -> None:
    made = judge_comparison(comparison(**everything()))
    jwt = replace(made.scenario.designs[JWT], flows={"web": "authorization_code"})
    whole = replace(made.scenario, designs={**made.scenario.designs, JWT: jwt})
    told = {
        own["name"]: own for own in describe_designs(replace(made, comparison=replace(made.comparison, scenario=whole)))
    }
    assert "refresh tokens live 86,400 s, each good for one use" in told[JWT]["token"]
    assert "refresh" not in told[OPAQUE]["token"]
    assert any(part.startswith("wrapper: denylist_shared") for part in told[JWT]["parts"])
    assert "web clients sign in by authorization code" in told[JWT]["parts"]


def test_the_page_of_a_world_with_everything_is_whole() -> None:
    page = render_html(judge_comparison(comparison(**everything())), ())
    assert "calls for every request" in page
    assert "Requests whose client had to sign in first are left out" in page
