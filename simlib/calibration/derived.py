"""``python -m simlib.calibration.derived data/profiles``: profiles of other stacks, out of published figures.

Nothing is measured here. A number that was published is used with its arithmetic beside it; every other operation is
the measured one of the profile python-2026 (its median) times one stated factor, which is an assumption. All rows are
constants, because what was published are means: such a profile has no scatter of service times.

Which operation on a JWT does most of what another cryptographic operation does.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from simlib.calibration.protocol_operations import PASSWORD
from simlib.calibration.table import DIGITS, write_whole
from simlib.scenario.errors import InputError
from simlib.scenario.profile import FORMAT, MANY_CLAIMS, CostProfile, load_profile

KIN: Mapping[str, str] = MappingProxyType(
    {
        "dpop.sign": "jwt.sign.ES256",
        "dpop.verify": "jwt.verify.ES256",
        "jwe.decrypt.ECDH-ES+A256KW": "jwt.sign.ES256",
        "jwe.decrypt.RSA-OAEP-256": "jwt.sign.RS256",
        "jwe.encrypt.ECDH-ES+A256KW": "jwt.sign.ES256",
        "jwe.encrypt.RSA-OAEP-256": "jwt.verify.RS256",
        "paseto.sign": "jwt.sign.EdDSA",
        "paseto.verify": "jwt.verify.EdDSA",
    }
)
"""Operation -> operation of the same arithmetic: the same curve, or the same half of an RSA key."""


BASE = "python-2026"
MICROSECOND = 1e-6
VERIFY, SIGN = "jwt.verify.", "jwt.sign."
PASSWORD_HOW = "assumption: the rounds of a password hash are native code in every stack, as many and as long as in"

# Requests per second of a Spring Cloud Gateway with Nimbus on one core: Ryzen 9 5950X, Java 21, k6 with 200 users.
GATEWAY_SOURCE = "https://github.com/danilkiff/jwt-performance, limited to 1 CPU, compiled November 2026"
GATEWAY_RATES = {"plain": 4801.0, "RS256": 3857.0, "ES256": 1047.0}
# Microseconds of parsing, building and checking a token in Java, without its signature: JMH, Apple M4, JDK 21.
CHECKS_SOURCE = "https://github.com/cuioss/OAuthSheriff, benchmarking/doc, compiled November 2026"
CHECKS = {"parse": 4.3, "build": 2.8, "claims": 1.0}
# Microseconds of one RS256 verification with a 2048-bit key inside a real Envoy.
ENVOY_SOURCE = "https://github.com/kgateway-dev/kgateway/issues/14682, compiled November 2026"
ENVOY_RS256 = 21.0
# Operations per second of OpenSSL 3.0.19 on a two-core x86 virtual machine, one-second runs.
OPENSSL_SOURCE = "openssl speed of OpenSSL 3.0.19 on a virtual machine with 2 x86 cores, run for this project, 2026"
OPENSSL_SIGN = {"RS256": 1427.0, "RS256-3072": 508.0, "ES256": 42944.0, "ES384": 1113.0, "EdDSA": 23196.0}
OPENSSL_VERIFY = {"RS256": 52542.0, "RS256-3072": 26102.0, "ES256": 15516.0, "ES384": 1366.0, "EdDSA": 8729.0}
OPENSSL_HS256 = 0.57  # microseconds for 512 bytes


@dataclass(frozen=True)
class Derived:
    """A profile to be: seconds per operation, how each was come by, and sentences for the head of the file."""

    name: str
    seconds: Mapping[str, float]
    arithmetic: Mapping[str, str]
    about: Mapping[str, str]

    def text(self) -> str:
        """The file."""
        head = {"format": FORMAT, **self.about, **{f"row {name}": how for name, how in self.arithmetic.items()}}
        rows = [f"{name},{seconds:.{DIGITS}g}" for name, seconds in sorted(self.seconds.items())]
        return "\n".join([*(f"# {key}: {value}" for key, value in head.items()), "operation,q0", *rows]) + "\n"


class _Making:
    """Rows as they are collected; operations that nothing was published about come last."""

    def __init__(self, base: CostProfile, factor: float) -> None:
        self.base = {name: float(np.median(table)) for name, table in base.quantiles.items()}
        self.factor = factor
        self.seconds: dict[str, float] = {}
        self.arithmetic: dict[str, str] = {}

    def put(self, name: str, microseconds: float, how: str) -> None:
        """A row with its arithmetic."""
        self.seconds[name] = microseconds * MICROSECOND
        self.arithmetic[name] = f"{how} = {microseconds:.{DIGITS}g} us"

    def like(self, name: str, other: str) -> None:
        """A row in the ratio to another one that both have in the base."""
        ratio = self.base[name] / self.base[other]
        how = f"assumption: {other} x {ratio:.3f}, their ratio in {BASE}"
        self.put(name, self.seconds[other] / MICROSECOND * ratio, how)

    def fill(self) -> None:
        """Forty claims cost as much more than ten as in the base, scaled; so does everything else.

        What has kin among the rows that were put follows it; hashing a password takes as long everywhere.
        """
        for name in sorted(self.base.keys() & KIN.keys()):
            if KIN[name] in self.seconds:
                self.like(name, KIN[name])
        if PASSWORD in self.base:
            self.put(PASSWORD, self.base[PASSWORD] / MICROSECOND, f"{PASSWORD_HOW} {BASE}")
        for name in [name for name in self.seconds if name + MANY_CLAIMS in self.base]:
            more = (self.base[name + MANY_CLAIMS] - self.base[name]) * self.factor
            self.seconds[name + MANY_CLAIMS] = self.seconds[name] + more
        for name, seconds in self.base.items():
            self.seconds.setdefault(name, seconds * self.factor)


def jvm_gateway(base: CostProfile) -> Derived:
    """A gateway on the JVM: what one core needs more per request when it verifies tokens."""
    plain, with_rs256, with_es256 = (1e6 / GATEWAY_RATES[name] for name in ("plain", "RS256", "ES256"))
    both = float(np.median(base.quantiles["http.call_in"]) + np.median(base.quantiles["http.call_out"]))
    making = _Making(base, plain * MICROSECOND / both)
    for name, whole in (("RS256", with_rs256), ("ES256", with_es256)):
        rates = f"1e6/{GATEWAY_RATES[name]:g} - 1e6/{GATEWAY_RATES['plain']:g}"
        making.put(VERIFY + name, whole - plain, rates)
    how = f"assumption: {' + '.join(map(str, CHECKS.values()))}, a token's checks without the signature"
    making.put(VERIFY + "HS256", sum(CHECKS.values()), how)
    for name, other in (("RS256-3072", "RS256"), ("PS256", "RS256"), ("PS256-3072", "RS256"), ("EdDSA", "RS256")):
        making.like(VERIFY + name, VERIFY + other)
    making.like(VERIFY + "ES384", VERIFY + "ES256")
    making.fill()
    about = {
        **_about("a gateway on the JVM (Spring Cloud Gateway with Nimbus, Java 21, one core)", GATEWAY_SOURCE),
        "source of HS256": f"{CHECKS_SOURCE}; the gateway itself was as quick with HS256 (4894 requests per second) as "
        f"without tokens ({GATEWAY_RATES['plain']:g}), so its difference tells nothing",
        "factor": f"{making.factor:.4f} = (1e6/{GATEWAY_RATES['plain']:g} us, a proxied request without token) / "
        f"({both / MICROSECOND:.1f} us, http.call_in + http.call_out in {BASE})",
    }
    return Derived("jvm-gateway-derived", making.seconds, making.arithmetic, about | _rest(making.factor))


def native_gateway(base: CostProfile) -> Derived:
    """A gateway in native code: a published verification, other algorithms by the difference of the bare signature."""
    measured = float(np.median(base.quantiles[VERIFY + "RS256"])) / MICROSECOND
    making = _Making(base, ENVOY_RS256 / measured)
    bare = 1e6 / OPENSSL_VERIFY["RS256"]
    around = ENVOY_RS256 - bare
    making.put(VERIFY + "RS256", ENVOY_RS256, "as published")
    for kind, rates in ((VERIFY, OPENSSL_VERIFY), (SIGN, OPENSSL_SIGN)):
        for name, rate in rates.items():
            if kind + name != VERIFY + "RS256":
                making.put(kind + name, around + 1e6 / rate, f"({ENVOY_RS256:g} - {bare:.2f}) + 1e6/{rate:g}")
        making.put(kind + "HS256", around + OPENSSL_HS256, f"({ENVOY_RS256:g} - {bare:.2f}) + {OPENSSL_HS256:g}")
        for name in ("PS256", "PS256-3072"):
            making.like(kind + name, kind + name.replace("PS", "RS"))
    making.fill()
    about = {
        **_about("a gateway in native code (Envoy)", ENVOY_SOURCE),
        "source of other algorithms": f"{OPENSSL_SOURCE}; the {around:.2f} us that Envoy takes beyond a bare RS256 "
        "verification are added to each (assumption: the two machines are alike)",
        "factor": f"{making.factor:.4f} = ({ENVOY_RS256:g} us) / ({measured:.1f} us, {VERIFY}RS256 in {BASE})",
    }
    return Derived("native-gateway-derived", making.seconds, making.arithmetic, about | _rest(making.factor))


def _about(stack: str, source: str) -> dict[str, str]:
    return {
        "derived": f"not measured: {stack}, from published figures",
        "date": "2026-11-23",
        "machine": "none: see the sources",
        "unit": "CPU seconds of one thread per operation; every row is one constant",
        "source": source,
    }


def _rest(factor: float) -> dict[str, str]:
    return {
        "assumption": f"a row without a line of its own below is its median in {BASE} times {factor:.4f}; rows ending "
        f"in {MANY_CLAIMS} are the row for ten claims plus {factor:.4f} times the difference in {BASE}"
    }


MAKERS: tuple[Callable[[CostProfile], Derived], ...] = (jvm_gateway, native_gateway)


def main(arguments: list[str]) -> int:
    """Write every derived profile into a folder that holds the base; 2 and one line when that cannot be done."""
    if len(arguments) != 1:
        print("usage: python -m simlib.calibration.derived FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        base = load_profile(folder / f"{BASE}.csv")
        for make in MAKERS:
            derived = make(base)
            write_whole(folder / f"{derived.name}.csv", derived.text())
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
