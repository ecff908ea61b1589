"""Calibration measures real operations, and what it writes is a profile or nothing."""

import importlib.util
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from simlib.calibration import __main__ as command
from simlib.calibration import campaign, clock, format_operations, measurement_processes
from simlib.calibration import server as recorder_module
from simlib.calibration.campaign import LoadProbe, compute_spread
from simlib.calibration.clock import Operation, measure_reading_cost, sample, sample_in_turn
from simlib.calibration.inputs import DIFFERENT, make_claims, make_many_claims
from simlib.calibration.measurement_processes import SETTLING
from simlib.calibration.operations import PATHS, add_paths, compare_paths, list_pure_operations
from simlib.calibration.profile_writer import QUANTILES, compute_quantiles, format_profile, replace_file
from simlib.calibration.protocol_operations import REVOKED
from simlib.calibration.server import Recorder
from simlib.calibration.store_operations import list_store_operations
from simlib.scenario.errors import InputError
from simlib.scenario.profile import FEW_BYTES, MANY_BYTES, load_profile
from simlib.tokens import KEY_MANAGEMENT, ProofVerification, StatusList, Verification
from support.missing_packages import hide_packages

KEYS = ("HS256", "RS256", "RS256-3072", "PS256", "PS256-3072", "ES256", "ES384", "EdDSA")
STORE_VERBS = ("get", "put", "revoke", "consume", "list")
PURE = {
    *("dpop.sign", "dpop.verify", "status_list.build", "status_list.parse", "token.seal", "token.unseal"),
    *("user.authenticate", "paseto.sign", "paseto.verify"),
    *(f"jwe.{act}.{algorithm}" for act in ("encrypt", "decrypt") for algorithm in KEY_MANAGEMENT),
    *(f"jwt.{act}.{key}{claims}" for act in ("sign", "verify") for key in KEYS for claims in ("", ".40")),
    *(f"store.{kind}.{act}" for kind in ("dict", "sqlite") for act in STORE_VERBS),
    *("jwks.parse", "jwks.serve", "opaque.issue", "token.hash", "json.encode", "json.decode"),
    *("client.authenticate", "form.decode", "form.encode", "cache.lookup", "claims.check"),
}
HTTP = {f"http.{name}" for name in ("call_in", "call_out", "connect_in", "connect_out")}
served = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in measurement_processes.REQUIRED_PACKAGES),
    reason="needs the packages of extra 'calibrate'",
)


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> list[Operation]:
    return [*list_pure_operations(), *list_store_operations(tmp_path_factory.mktemp("store"))]


def test_every_pure_operation_does_what_it_is_named_after(operations: list[Operation]) -> None:
    results: dict[str, Any] = {operation.name: operation.run() for operation in operations}
    assert set(results) == PURE
    assert results["client.authenticate"] is results["claims.check"] is results["cache.lookup"] is True
    for name, count in ((f"jwt.verify.{key}{claims}", 40 if claims else 10) for key in KEYS for claims in ("", ".40")):
        claims, reason = results[name]
        assert len(claims) == count
        assert reason == ""
    assert all(results[f"store.{kind}.get"] is not None for kind in ("dict", "sqlite"))
    assert all(results[f"store.{kind}.revoke"] is True for kind in ("dict", "sqlite"))
    assert results["dpop.verify"].reason == results["paseto.verify"].reason == ""
    assert results["token.unseal"].count(".") == 2
    assert results["user.authenticate"] is True
    built, read = StatusList.from_claim(results["status_list.build"], 10**6), results["status_list.parse"]
    assert sum(byte.bit_count() for byte in built.packed) == sum(byte.bit_count() for byte in read.packed) == REVOKED
    for algorithm in KEY_MANAGEMENT:
        assert results[f"jwe.decrypt.{algorithm}"].token.count(".") == 2
        assert results[f"jwe.encrypt.{algorithm}"].count(".") == 4


def test_a_list_has_as_many_rows_each_time_and_what_is_consumed_is_fresh_each_time(
    operations: list[Operation],
) -> None:
    by_name = {operation.name: operation for operation in operations}
    for kind in ("dict", "sqlite"):
        lists, consume = by_name[f"store.{kind}.list"], by_name[f"store.{kind}.consume"]
        for _ in range(3):
            found: Any = lists.run()
            assert len(found) == REVOKED
            assert consume.prepare is not None
            consume.prepare()
            before: Any = consume.run()
            assert before.revoked_at is None
            spent: Any = consume.run()
            assert spent.revoked_at is not None


def test_what_prepares_an_operation_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeClock()
    monkeypatch.setattr(clock, "read_cpu_ns", fake.read)
    work = Operation("work", lambda: fake.work(700), prepare=lambda: fake.work(5000))
    assert sample(work, 0.0) == pytest.approx(700e-9)


def test_the_tokens_are_verified_as_their_library_is_shipped(
    operations: list[Operation], monkeypatch: pytest.MonkeyPatch
) -> None:
    def quick(self: Any) -> None:
        raise AssertionError("the short cut was measured")

    monkeypatch.setattr(ProofVerification, "__call__", quick)
    monkeypatch.setattr(Verification, "__call__", quick)
    verifying = [one for one in operations if one.name == "dpop.verify" or one.name.startswith("jwt.verify.")]
    assert len(verifying) > 10
    for operation in verifying:
        operation.run()  # the short cut would raise


def test_without_the_optional_packages_their_rows_are_left_out_and_the_head_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hide_packages(monkeypatch, "joserfc", "pyseto")
    assert format_operations.list_optional_operations() == []
    monkeypatch.setattr(campaign, "measure_once", fake_round)
    _, about = campaign.calibrate(0.0, range(1))
    assert "joserfc" in about["left out"]
    assert "pyseto" in about["left out"]


def test_a_tiny_real_run_makes_a_file_that_loads_as_a_profile(operations: list[Operation], tmp_path: Path) -> None:
    samples = sample_in_turn(operations, 5)
    replace_file(tmp_path / "tiny.csv", format_profile(samples, {"date": "2026-01-01", "machine": "any"}))
    profile = load_profile(tmp_path / "tiny.csv", noise="as_measured")
    assert set(profile.quantiles) == PURE
    assert profile.about["machine"] == "any"
    assert profile.name == "tiny"
    for name, values in samples.items():
        low, middle, high = profile.invert(name, np.array([0.0, 0.5, 1.0]))
        assert (low, middle, high) == pytest.approx((min(values), median(values), max(values)), rel=1e-3)


def test_the_clock_counts_work_and_not_waiting() -> None:
    overhead = measure_reading_cost()
    waiting = sample(Operation("wait", lambda: time.sleep(0.05)), overhead)
    working = sample(Operation("work", lambda: sum(range(3_000_000))), overhead)
    assert waiting < working


def test_quantiles_are_evenly_spaced_in_probability() -> None:
    assert compute_quantiles(range(QUANTILES)) == list(range(QUANTILES))
    assert compute_quantiles([3.0]) == [3.0] * QUANTILES


def test_numbers_are_short_and_rows_are_sorted() -> None:
    lines = format_profile({"b": [1 / 3], "a": [2e-6]}, {}).splitlines()
    assert lines[0] == "# format: simlib-profile-1"
    assert [line.split(",")[:2] for line in lines[2:]] == [["a", "2e-06"], ["b", "0.3333"]]


class FakeClock:
    """A CPU clock that moves only when it is told to, in nanoseconds."""

    def __init__(self) -> None:
        self.now = 0

    def read(self) -> int:
        return self.now

    def work(self, nanoseconds: int) -> None:
        self.now += nanoseconds


def test_elapsed_time_holds_the_waiting_that_the_cpu_clock_leaves_out() -> None:
    assert sample(Operation("wait", lambda: time.sleep(0.01), elapsed=True), 0.0) >= 0.01


def test_the_measured_tokens_have_the_sizes_that_interpolation_takes_them_to_have() -> None:
    for claims, size in ((make_claims, FEW_BYTES), (make_many_claims, MANY_BYTES)):
        assert {len(json.dumps(claims(number), separators=(",", ":"))) for number in range(DIFFERENT)} == {size}


def test_a_recorder_cuts_the_time_of_a_server_into_disjoint_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeClock()
    recorder = Recorder([Operation("work", lambda: fake.work(700))])
    monkeypatch.setattr(recorder, "_overhead", 0.0)
    for module in (clock, recorder_module):
        monkeypatch.setattr(module, "read_cpu_ns", fake.read)
    for name, answering in [("work", 300)] * (SETTLING + 6) + [("nothing", 200)] * (SETTLING + 4):
        fake.work(answering)
        recorder.serve(name)
    assert recorder.between == {"work": pytest.approx([300e-9] * 6), "nothing": pytest.approx([200e-9] * 4)}
    assert recorder.within == {"work": pytest.approx([700e-9] * 6)}


def test_the_cost_of_reading_the_clock_is_taken_off_but_never_more(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeClock()
    monkeypatch.setattr(clock, "read_cpu_ns", fake.read)
    work = Operation("work", lambda: fake.work(700))
    assert sample(work, 300.0) == pytest.approx(400e-9)
    assert sample(work, 800.0) == 0.0


def test_a_clock_of_coarse_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "read_cpu_ns", FakeClock().read)
    with pytest.raises(InputError, match="steps"):
        measure_reading_cost()


def test_a_path_runs_its_parts_and_its_check_compares_their_sum() -> None:
    ran: list[str] = []
    parts = [part for path in PATHS.values() for part in path]
    operations = [Operation(name, partial(ran.append, name)) for name in parts]
    for operation in add_paths(operations)[len(operations) :]:
        operation.run()
    assert ran == parts
    name, expected = next(iter(PATHS.items()))
    assert compare_paths({**{part: [1.0] for part in expected}, name: [4.0]}) == {name: len(expected) / 4}


def test_foreign_load_is_what_the_machine_did_beyond_us() -> None:
    before = LoadProbe(wall=0.0, machine=100.0, own=10.0)
    assert before.measure_foreign_load(LoadProbe(10.0, 115.0, 15.0)) == 1.0
    assert before.measure_foreign_load(LoadProbe(10.0, 104.0, 15.0)) == 0.0
    assert before.measure_foreign_load(LoadProbe(10.0, None, 15.0)) is None
    assert LoadProbe.read().own > 0.0


def test_the_spread_of_processes_is_a_share_of_their_mean() -> None:
    assert compute_spread([1.0, 1.0]) == 0.0
    assert compute_spread([1.0, 3.0]) == 1.0
    assert compute_spread([0.0]) == 0.0


def test_writing_replaces_the_old_file_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "profile.csv"
    path.write_text("old")
    replace_file(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "profile.csv"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace_file(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def fake_round(_: float, __: Any) -> dict[str, list[float]]:
    return {"http.call_in": [1e-4, 2e-4], "jwt.sign.ES256": [3e-5]}


def test_an_interrupt_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float, __: Any) -> Iterator[Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr(campaign, "measure_once", interrupted)
    monkeypatch.setattr(campaign, "require_packages", lambda *_: None)
    assert command.main(["--out", str(tmp_path / "p.csv")]) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_profile_tells_how_it_was_made_and_nothing_about_whose_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "measure_once", fake_round)
    monkeypatch.setattr(campaign, "require_packages", lambda *_: None)
    assert command.main(["--out", str(tmp_path / "p.csv"), "--processes", "3"]) == 0
    about = load_profile(tmp_path / "p.csv").about
    assert about["processes"] == "3"
    assert about["samples"] == "3 to 6 per operation"
    assert about["spread http.call_in"] == "0.0%"
    assert "fewer than 1000 samples" in about["note"]
    assert {"date", "machine", "kernel", "python", "pyjwt", "cryptography", "openssl", "sqlite"} <= set(about)
    assert str(tmp_path) not in (tmp_path / "p.csv").read_text()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["--processes", "0"], "--processes 0"),
        (["--seconds", "-1"], "--seconds -1"),
        (["--seconds", "inf"], "--seconds inf"),
        (["--out", "no/x.csv"], "no/x.csv"),
        (["--out", "x.txt"], "x.txt"),
    ],
)
def test_unusable_options_are_told_in_one_line(
    changes: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--out", str(tmp_path / "p.csv"), *changes]) == 2
    message = capsys.readouterr().err
    assert told in message
    assert message.count("\n") == 1


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(campaign, "REQUIRED_PACKAGES", ("json", "no_such_package", "nor_this"))
    needed = r"calibration needs the packages no_such_package, nor_this, which are not installed: .*simlib\[calibrate\]"
    with pytest.raises(InputError, match=needed):
        campaign.make_profile(tmp_path / "p.csv")


@served
def test_one_round_over_real_connections_measures_every_operation() -> None:
    samples = measurement_processes.measure_once(0.0)
    assert set(samples) - set(PATHS) == PURE | HTTP | {"http.connect_plain_in", "http.connect_plain_out"}
    assert all(len(values) > 0 and min(values) >= 0.0 for values in samples.values())
    assert median(samples["http.call_in"]) > 0.0
    assert median(samples["http.connect_in"]) > 0.0
