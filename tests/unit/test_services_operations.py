"""Operations that endpoints and grants list are those that they charge, and no others."""

from collections.abc import Callable
from typing import Any

import pytest

from simlib.scenario.messages import StoreConsume, StoreGet, StorePut, StoreRevoke
from simlib.services import (
    DEVICE_CODE,
    ENDPOINT_OPERATIONS,
    ENDPOINTS,
    FAMILY_REVOCATION,
    GRANT_OPERATIONS,
    GRANTS,
    ROTATION,
    TOKEN_EXCHANGE,
)
from support.registered import PASSWORD, TV, asking, code_for, equip, granted, redeeming, refreshing
from support.stage import RESOURCE_SERVER, SCOPE, Stage

VERBS = {StoreGet: "store.get", StorePut: "store.put", StoreRevoke: "store.revoke", StoreConsume: "store.consume"}
ISSUING = {"opaque.issue", "store.put"}
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    return equip(make_stage("opaque_introspection"), rotation=True).at(10.4)


def charged(stage: Stage, act: Callable[[], Any]) -> set[str]:
    """Every operation that an act charges to the authorization server, those of its store included."""
    store, before, used = stage.store, stage.stepper.operations.copy(), set()

    def execute(request: Any) -> Any:
        used.add(VERBS.get(type(request), "store.list"))
        return store.execute(request)

    stage.server_host.local["store"] = execute
    act()
    stage.server_host.local["store"] = store.execute
    return used | set(stage.stepper.operations - before)


def test_every_endpoint_and_every_grant_is_listed() -> None:
    assert set(ENDPOINT_OPERATIONS) == set(ENDPOINTS)
    assert set(GRANT_OPERATIONS) == set(GRANTS)


def test_signing_in_and_refreshing_charge_what_they_say(stage: Stage) -> None:
    codes: list[str] = []
    assert charged(stage, lambda: codes.append(code_for(stage))) == ENDPOINT_OPERATIONS["authorize"] - {"json.encode"}
    assert charged(stage, lambda: stage.post("authorize", None)) == {"form.decode", "json.encode"}
    answers: list[Any] = []
    redeemed = charged(stage, lambda: answers.append(granted(stage.post("token", **redeeming(codes[0])))))
    endpoint = ENDPOINT_OPERATIONS["token"]
    # The head of a family needs nothing to be unsealed.
    assert redeemed == (endpoint | GRANT_OPERATIONS["authorization_code"]) - {"token.unseal"}
    token = answers[0]["refresh_token"]
    refreshed = charged(stage, lambda: stage.post("token", **refreshing(token)))
    assert refreshed == endpoint | GRANT_OPERATIONS["refresh_token"] | ROTATION
    reused = charged(stage, lambda: stage.post("token", **refreshing(token)))
    assert reused == endpoint | GRANT_OPERATIONS["refresh_token"] | FAMILY_REVOCATION


def test_a_refresh_without_rotation_charges_what_it_says(stage: Stage) -> None:
    equip(stage, rotation=False)
    stage.refresh_token()
    done = charged(stage, lambda: stage.post("token", **refreshing("refresh-1")))
    assert done == ENDPOINT_OPERATIONS["token"] | GRANT_OPERATIONS["refresh_token"] | ISSUING


def test_devices_charge_what_they_say(stage: Stage) -> None:
    answers: list[Any] = []
    begun = charged(
        stage, lambda: answers.append(granted(stage.post("device_authorization", None, client_id=TV, scope=SCOPE)))
    )
    assert begun == ENDPOINT_OPERATIONS["device_authorization"]
    form = {"grant_type": DEVICE_CODE, "device_code": answers[0]["device_code"], "client_id": TV}
    decision = {"login": "user-1", "password": PASSWORD, "user_code": answers[0]["user_code"], "decision": "approve"}
    decided = charged(stage, lambda: stage.post("device_verification", None, **decision))
    assert decided == ENDPOINT_OPERATIONS["device_verification"] - {"json.encode"}
    polled = charged(stage, lambda: granted(stage.post("token", None, **form)))
    assert polled == (ENDPOINT_OPERATIONS["token"] | GRANT_OPERATIONS[DEVICE_CODE]) - {"token.unseal"}


def test_the_other_grants_and_endpoints_charge_what_they_say(stage: Stage) -> None:
    endpoint = ENDPOINT_OPERATIONS["token"]
    own = charged(stage, lambda: granted(stage.post("token", grant_type="client_credentials")))
    assert own == endpoint | GRANT_OPERATIONS["client_credentials"] | ISSUING
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": stage.issue().token, "subject_token_type": ACCESS_TOKEN}
    exchanged = charged(stage, lambda: granted(stage.post("token", RESOURCE_SERVER, **form)))
    assert exchanged == endpoint | GRANT_OPERATIONS[TOKEN_EXCHANGE] | ISSUING | {"token.hash", "store.get"}
    for target, form in (("revocations", {"since": "0"}), ("introspect", {"token": "x"}), ("revoke", {"token": "x"})):
        done = charged(stage, lambda target=target, form=form: stage.post(target, RESOURCE_SERVER, **form))
        assert done <= ENDPOINT_OPERATIONS[target] | {"token.hash", "store.get"}
    assert charged(stage, lambda: stage.post("jwks")) == ENDPOINT_OPERATIONS["jwks"]
    assert charged(stage, lambda: stage.post("authorize", None, **asking())) <= ENDPOINT_OPERATIONS["authorize"]
