"""Faults in scenario files: what is taken, and the one line that says what is wrong, with file and key."""

from typing import Any

import pytest

from simlib.deployment.simulate import check_budget
from simlib.scenario.errors import InputError
from simlib.scenario.writing import export_scenario
from support.scenarios import SOURCE, changed, document, scenario
from support.topologies import PHANTOM
from support.worlds import constant, link

Table = dict[str, Any]
WINDOW: Table = {"at_s": 5.0, "length_s": 10.0}
DOWN: Table = {"kind": "down", "host": "authorization_server", **WINDOW}


def load(faults: dict[str, Table], **more: Any) -> Any:
    return scenario(world__faults=faults, **more)


def complaint(faults: dict[str, Table], **more: Any) -> str:
    with pytest.raises(InputError) as refused:
        load(faults, **more)
    text = str(refused.value)
    assert text.startswith(f"{SOURCE}: ")
    assert "\n" not in text
    return text.removeprefix(f"{SOURCE}: world.faults.")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({**DOWN, "host": "gateway"}, "f.host: unknown host 'gateway'; allowed: service, authorization_server"),
        (
            {**DOWN, "host": "servise"},
            "f.host: unknown host 'servise' (did you mean 'service'?); allowed: service",
        ),
        ({**DOWN, "host": "client"}, "f.host: unknown host 'client'; allowed: service, authorization_server"),
        ({**DOWN, "endpoint": "jwk"}, "f.endpoint: unknown endpoint 'jwk' (did you mean 'jwks'?); allowed: authorize"),
        ({**DOWN, "host": "service", "endpoint": "jwks"}, "f.endpoint: belongs to host = 'authorization_server'"),
        ({**DOWN, "length_s": 0.0}, "f.length_s: input should be greater than 0, not 0.0"),
        ({**DOWN, "length_s": -1.0}, "f.length_s: input should be greater than 0, not -1.0"),
        ({**DOWN, "at_s": -1.0}, "f.at_s: input should be greater than or equal to 0, not -1.0"),
        ({**DOWN, "at_s": 20.0}, "f.at_s: begins at 20 s, which is after the end of the run at 20 s"),
        ({**DOWN, "length_s": 15.5}, "f.length_s: lasts until 20.5 s, which is after the end of the run at 20 s"),
        (
            {"kind": "down", "host": "service"},
            "f: needs one schedule: at_s and length_s, or mean_between_s",
        ),
        ({**DOWN, "mean_between_s": 3.0}, "f: needs one schedule"),
        ({**DOWN, "mean_between_s": 3.0, "mean_length_s": 3.0}, "f: needs one schedule"),
        ({"kind": "cold_start", "host": "service"}, "f: needs one schedule: at_s, or mean_between_s"),
        ({"kind": "slow", "host": "service", "factor": 1.0, **WINDOW}, "f.factor: input should be greater than 1"),
        (
            {"kind": "partition", "between": ["service", "service"], **WINDOW},
            "f.between: names two hosts",
        ),
        ({"kind": "partition", "between": ["service"], **WINDOW}, "f.between"),
        ({"kind": "partition", "between": ["service", "store"], **WINDOW}, "f.between: unknown host 'store'; allowed:"),
        (
            {"kind": "key_rotation", "at_s": 1.0},
            "f: needs published_before_s and kept_s, or emergency = true",
        ),
        (
            {"kind": "key_rotation", "at_s": 1.0, "emergency": True, "kept_s": 1.0},
            "f: needs published_before_s and kept_s",
        ),
        ({"kind": "unknown_kid_flood", "rate": 0, **WINDOW}, "f.rate: input should be greater than 0"),
        (
            {"kind": "mass_logout", "share": 0.5, "at_s": 20.0},
            "f.at_s: begins at 20 s, which is after the end of the run at 20 s",
        ),
        ({"kind": "mass_logout", "share": 1.5, "at_s": 1.0}, "f.share: input should be less than or equal to 1"),
        ({"kind": "refresh_herd", "share": 0.0, "at_s": 1.0}, "f.share: input should be greater than 0"),
        ({"kind": "clock_skew", "host": "service", "skew_s": 0.0, **WINDOW}, "f: skew_s must not be 0"),
        (
            {"kind": "clock_skew", "host": "service", "skew_s": 1.0, "replica": 1, **WINDOW},
            "f.replica: there is no replica 1; allowed: 0 to 0",
        ),
        ({"kind": "retry_storm", "times": 0, **WINDOW}, "f.times: input should be greater than or equal to 1"),
        (
            {"kind": "retry_storm", "times": 1, "caller": "store", **WINDOW},
            "f.caller: unknown host 'store'",
        ),
        ({"kind": "cold_start", "host": "store", "at_s": 1.0}, "f.host: unknown host 'store'"),
        (
            {"kind": "flood", **WINDOW},
            "f: unknown kind 'flood'; allowed: down, slow, partition",
        ),
        (WINDOW, "f: kind is missing"),
        (
            {"kind": "mass_logout", "share": 0.5, "mean_between_s": 1e-6},
            "f.mean_between_s: would occur about",
        ),
        ({**DOWN, "hots": "service"}, "f.hots: unknown key 'hots' (did you mean 'host'?); allowed: at_s"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_file_and_key(table: Table, words: str) -> None:
    assert complaint({"f": table}).startswith(words)


@pytest.mark.parametrize(
    ("other", "about"),
    [
        ({"kind": "slow", "host": "authorization_server", "factor": 2.0, "at_s": 14.9, "length_s": 1.0}, "speed"),
        ({"kind": "down", "host": "authorization_server", "endpoint": "jwks", "at_s": 0.0, "length_s": 5.1}, "jwks"),
        ({"kind": "jwks_emptied", "at_s": 6.0, "length_s": 1.0}, "serves jwks"),
        ({"kind": "down", "host": "authorization_server", "at_s": 6.0, "length_s": 1.0}, "authorization_server"),
    ],
)
def test_faults_that_contradict_each_other_at_the_same_time_are_refused(other: Table, about: str) -> None:
    told = complaint({"one": DOWN, "other": other})
    assert told.startswith("other: contradicts one: both set the state of ")
    assert about in told
    later = {**other, "at_s": 15.0, "length_s": 1.0}
    assert load({"one": DOWN, "other": later}).world.faults


def test_two_rotations_at_once_are_refused_and_one_after_the_other_are_not() -> None:
    planned = {"kind": "key_rotation", "at_s": 10.0, "published_before_s": 4.0, "kept_s": 100.0}
    hasty = {"kind": "key_rotation", "emergency": True}
    for at in (6.0, 8.0, 10.0):
        assert "contradicts" in complaint({"one": planned, "two": {**hasty, "at_s": at}})
    for at in (5.9, 10.1):
        assert len(load({"one": planned, "two": {**hasty, "at_s": at}}).world.faults) == 2
    assert "contradicts" in complaint({"one": {**hasty, "at_s": 3.0}, "two": {**hasty, "at_s": 3.0}})


def test_what_merely_comes_together_is_allowed() -> None:
    skew = {"kind": "clock_skew", "host": "service", "skew_s": 1.0, **WINDOW}
    floods = [
        {"kind": "unknown_kid_flood", "rate": 1.0, **WINDOW},
        {"kind": "random_token_flood", "rate": 1.0, **WINDOW},
    ]
    cut = {"kind": "partition", "between": ["service", "authorization_server"], **WINDOW}
    faults = {f"f{n}": table for n, table in enumerate([DOWN, skew, cut, *floods, floods[0]])}
    assert len(load(faults).world.faults) == 6


def test_skews_of_two_replicas_do_not_contradict_and_of_one_do() -> None:
    one = {"kind": "clock_skew", "host": "service", "skew_s": 1.0, "replica": 0, **WINDOW}
    replicas = {"designs__jwt_local__replicas__service": 2}
    assert load({"a": one, "b": {**one, "replica": 1}}, **replicas)
    everywhere = {key: value for key, value in one.items() if key != "replica"}
    assert "contradicts" in complaint({"a": one, "b": everywhere}, **replicas)


def test_a_host_counts_as_there_when_a_design_of_the_world_uses_it() -> None:
    gateway = {"kind": "slow", "host": "gateway", "factor": 2.0, **WINDOW}
    world = {"world__gateway": {"work": constant(0.001)}}
    assert "unknown host 'gateway'" in complaint({"f": gateway}, **world)
    assert load({"f": gateway}, **world, designs__phantom=PHANTOM)
    shared = {"world__shared_store": {"link": link(), "call": constant(0.0), "work": constant(0.0)}}
    store = {"kind": "cold_start", "host": "shared_store", "at_s": 1.0}
    assert "unknown host 'shared_store'" in complaint({"f": store}, **shared)
    assert load({"f": store}, **shared, designs__opaque_cached__service__shared=True)


def test_regions_have_hosts_of_their_own() -> None:
    regions = {"names": ["eu", "us"], "shares": [0.5, 0.5], "round_trips": {"eu-us": constant(0.08)}}
    cut = {"kind": "partition", "between": ["service@us", "authorization_server"], **WINDOW}
    assert load({"f": cut}, world__regions=regions)
    assert "unknown host 'service@asia'" in complaint(
        {"f": {**cut, "between": ["service@asia", "service"]}}, world__regions=regions
    )
    slow = {"kind": "slow", "host": "service", "factor": 2.0, **WINDOW}
    assert "contradicts" in complaint({"a": slow, "b": {**slow, "host": "service@us"}}, world__regions=regions)


def test_a_run_made_shorter_than_its_faults_is_refused_before_anything_runs() -> None:
    made = load({"f": DOWN})
    short = made.with_run(made.run.model_copy(update={"length_s": 12.0}))
    with pytest.raises(InputError, match=r"world.faults.f.length_s: lasts until 15 s"):
        check_budget(short)


def test_faults_are_written_down_as_they_were_read() -> None:
    faults = {"f": DOWN, "g": {"kind": "refresh_herd", "share": 0.5, "mean_between_s": 7.0}}
    made = load(faults)
    written = export_scenario(made)["world"]["faults"]
    assert written["f"] == DOWN
    assert written["g"] == faults["g"]
    again = scenario(**{"world__faults": written})
    assert again.world == made.world
    assert export_scenario(scenario())["world"]["faults"] == {}
    assert changed(document(), {})["world"].get("faults") is None
