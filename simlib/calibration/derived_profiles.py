"""Derived profiles of other stacks, computed from published figures and the profile python-2026.

Run as ``python -m simlib.calibration.derived_profiles data/profiles``. Nothing is measured here. Published numbers are
used with their arithmetic in the file; every other operation is the median of python-2026 times one stated factor,
which is an assumption. All rows are constants, because the published figures are means: such a profile has no scatter
of service times.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from simlib.calibration.format_operations import OPTIONAL_OPERATIONS
from simlib.calibration.profile_writer import DIGITS, replace_file
from simlib.calibration.protocol_operations import PASSWORD
from simlib.scenario.errors import InputError
from simlib.scenario.profile import FORMAT, MANY_CLAIMS, CostProfile, load_profile

PROXY_OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "dpop.sign": "jwt.sign.ES256",
        "dpop.verify": "jwt.verify.ES256",
        **{name: proxy for each in OPTIONAL_OPERATIONS for name, proxy in each.proxies.items()},
    }
)
"""Operation -> proxy, an operation on a JWT of the same arithmetic: the same curve, or the same half of an RSA key."""

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
class DerivedProfile:
    """A derived profile: seconds per operation, the arithmetic of each, and entries for the head of the file."""

    name: str
    seconds: Mapping[str, float]
    arithmetic: Mapping[str, str]
    about: Mapping[str, str]

    def format_text(self) -> str:
        """Format the text of the file."""
        head = {"format": FORMAT, **self.about, **{f"row {name}": how for name, how in self.arithmetic.items()}}
        rows = [f"{name},{seconds:.{DIGITS}g}" for name, seconds in sorted(self.seconds.items())]
        return "\n".join([*(f"# {key}: {value}" for key, value in head.items()), "operation,q0", *rows]) + "\n"


class _ProfileBuilder:
    """Builder of a derived profile; operations without published figures are added last."""

    def __init__(self, base: CostProfile, factor: float) -> None:
        self.base = {name: float(np.median(table)) for name, table in base.quantiles.items()}
        self.factor = factor
        self.seconds: dict[str, float] = {}
        self.arithmetic: dict[str, str] = {}

    def add(self, name: str, microseconds: float, how: str) -> None:
        """Add a row with its arithmetic."""
        self.seconds[name] = microseconds * MICROSECOND
        self.arithmetic[name] = f"{how} = {microseconds:.{DIGITS}g} us"

    def add_proxy(self, name: str, other: str) -> None:
        """Add a row in the ratio to another one that the two have in the base."""
        ratio = self.base[name] / self.base[other]
        how = f"assumption: {other} x {ratio:.3f}, their ratio in {BASE}"
        self.add(name, self.seconds[other] / MICROSECOND * ratio, how)

    def add_others(self) -> None:
        """Add the rows without published figures.

        Operations with a proxy among the added rows follow it; hashing a password takes equally long in every stack.
        Forty claims cost as much more than ten as in the base, scaled, and all other rows are the scaled base.
        """
        for name in sorted(self.base.keys() & PROXY_OPERATIONS.keys()):
            if PROXY_OPERATIONS[name] in self.seconds:
                self.add_proxy(name, PROXY_OPERATIONS[name])
        if PASSWORD in self.base:
            self.add(PASSWORD, self.base[PASSWORD] / MICROSECOND, f"{PASSWORD_HOW} {BASE}")
        for name in [name for name in self.seconds if name + MANY_CLAIMS in self.base]:
            more = (self.base[name + MANY_CLAIMS] - self.base[name]) * self.factor
            self.seconds[name + MANY_CLAIMS] = self.seconds[name] + more
        for name, seconds in self.base.items():
            self.seconds.setdefault(name, seconds * self.factor)


def derive_jvm_gateway(base: CostProfile) -> DerivedProfile:
    """Derive a gateway on the JVM: the additional time of one core per request when it verifies tokens."""
    plain, with_rs256, with_es256 = (1e6 / GATEWAY_RATES[name] for name in ("plain", "RS256", "ES256"))
    both = float(np.median(base.quantiles["http.call_in"]) + np.median(base.quantiles["http.call_out"]))
    builder = _ProfileBuilder(base, plain * MICROSECOND / both)
    for name, whole in (("RS256", with_rs256), ("ES256", with_es256)):
        rates = f"1e6/{GATEWAY_RATES[name]:g} - 1e6/{GATEWAY_RATES['plain']:g}"
        builder.add(VERIFY + name, whole - plain, rates)
    how = f"assumption: {' + '.join(map(str, CHECKS.values()))}, a token's checks without the signature"
    builder.add(VERIFY + "HS256", sum(CHECKS.values()), how)
    for name, other in (("RS256-3072", "RS256"), ("PS256", "RS256"), ("PS256-3072", "RS256"), ("EdDSA", "RS256")):
        builder.add_proxy(VERIFY + name, VERIFY + other)
    builder.add_proxy(VERIFY + "ES384", VERIFY + "ES256")
    builder.add_others()
    about = {
        **_describe_stack("a gateway on the JVM (Spring Cloud Gateway with Nimbus, Java 21, one core)", GATEWAY_SOURCE),
        "source of HS256": f"{CHECKS_SOURCE}; the gateway itself was as quick with HS256 (4894 requests per second) as "
        f"without tokens ({GATEWAY_RATES['plain']:g}), so its difference tells nothing",
        "factor": f"{builder.factor:.4f} = (1e6/{GATEWAY_RATES['plain']:g} us, a proxied request without token) / "
        f"({both / MICROSECOND:.1f} us, http.call_in + http.call_out in {BASE})",
    }
    return DerivedProfile(
        "jvm-gateway-derived", builder.seconds, builder.arithmetic, about | _describe_assumption(builder.factor)
    )


def derive_native_gateway(base: CostProfile) -> DerivedProfile:
    """Derive a gateway in native code: a published verification, other algorithms by the bare signature."""
    measured = float(np.median(base.quantiles[VERIFY + "RS256"])) / MICROSECOND
    builder = _ProfileBuilder(base, ENVOY_RS256 / measured)
    bare = 1e6 / OPENSSL_VERIFY["RS256"]
    around = ENVOY_RS256 - bare
    builder.add(VERIFY + "RS256", ENVOY_RS256, "as published")
    for kind, rates in ((VERIFY, OPENSSL_VERIFY), (SIGN, OPENSSL_SIGN)):
        for name, rate in rates.items():
            if kind + name != VERIFY + "RS256":
                builder.add(kind + name, around + 1e6 / rate, f"({ENVOY_RS256:g} - {bare:.2f}) + 1e6/{rate:g}")
        builder.add(kind + "HS256", around + OPENSSL_HS256, f"({ENVOY_RS256:g} - {bare:.2f}) + {OPENSSL_HS256:g}")
        for name in ("PS256", "PS256-3072"):
            builder.add_proxy(kind + name, kind + name.replace("PS", "RS"))
    builder.add_others()
    about = {
        **_describe_stack("a gateway in native code (Envoy)", ENVOY_SOURCE),
        "source of other algorithms": f"{OPENSSL_SOURCE}; the {around:.2f} us that Envoy takes beyond a bare RS256 "
        "verification are added to each (assumption: the two machines are alike)",
        "factor": f"{builder.factor:.4f} = ({ENVOY_RS256:g} us) / ({measured:.1f} us, {VERIFY}RS256 in {BASE})",
    }
    return DerivedProfile(
        "native-gateway-derived", builder.seconds, builder.arithmetic, about | _describe_assumption(builder.factor)
    )


def _describe_stack(stack: str, source: str) -> dict[str, str]:
    return {
        "derived": f"not measured: {stack}, from published figures",
        "date": "2026-11-23",
        "machine": "none: see the sources",
        "unit": "CPU seconds of one thread per operation; every row is one constant",
        "source": source,
    }


def _describe_assumption(factor: float) -> dict[str, str]:
    return {
        "assumption": f"a row without a line of its own below is its median in {BASE} times {factor:.4f}; rows ending "
        f"in {MANY_CLAIMS} are the row for ten claims plus {factor:.4f} times the difference in {BASE}"
    }


DERIVATIONS: tuple[Callable[[CostProfile], DerivedProfile], ...] = (derive_jvm_gateway, derive_native_gateway)


def main(arguments: list[str]) -> int:
    """Write every derived profile into a folder that holds the base; exit code 2 and one line when that fails."""
    if len(arguments) != 1:
        print("usage: python -m simlib.calibration.derived_profiles FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        base = load_profile(folder / f"{BASE}.csv")
        for make in DERIVATIONS:
            derived = make(base)
            replace_file(folder / f"{derived.name}.csv", derived.format_text())
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
