"""Token formats: chosen by their properties, so that a further format touches few files."""

import json
from pathlib import Path

import pytest

import simlib
from simlib.scenario.profile import load_profile
from simlib.strategies import ISSUERS, VALIDATORS, WRAPPERS
from simlib.tokens import (
    BINDABLE_FORMATS,
    ENCRYPTED,
    JWT,
    KEY_MANAGEMENT,
    OPAQUE,
    PASETO,
    SESSION,
    SIGNED_FORMATS,
    TOKEN_FORMATS,
    decrypt,
    encrypt,
    find_form,
    generate_encryption_key,
    generate_signing_key,
    make_opaque_token,
    read_key_id,
    sign_jwt,
    sign_paseto,
)
from simlib.tokens.forging import encode
from simlib.tokens.jws import LONGEST_HEADER
from support.missing_packages import hide_packages
from support.source_code import read_code

PACKAGE = Path(simlib.__file__).parent
PROFILE = PACKAGE.parent / "data" / "profiles" / "python-2026.csv"
MOST_FILES = 6


def test_a_format_is_named_in_few_files() -> None:
    naming = [path for path in PACKAGE.rglob("*.py") if PASETO.name in read_code(path).lower()]
    assert len(naming) <= MOST_FILES, sorted(str(path.relative_to(PACKAGE)) for path in naming)


def test_not_even_comments_and_data_name_it_elsewhere() -> None:
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    naming = [path for path in files if PASETO.name.encode() in path.read_bytes().lower()]
    assert len(naming) <= MOST_FILES, sorted(str(path.relative_to(PACKAGE)) for path in naming)


def test_each_format_has_an_issuer_and_a_validator() -> None:
    for parts in (ISSUERS, VALIDATORS):
        assert {part.token_format for part in parts.values()} == set(TOKEN_FORMATS)


def test_formats_are_sorted_and_written_by_their_names() -> None:
    names = ["encrypted", "jwt", "opaque", "paseto", "session"]
    assert [str(token_format) for token_format in sorted(TOKEN_FORMATS)] == names
    assert [token_format.name for token_format in sorted(TOKEN_FORMATS)] == names


def test_the_sets_of_formats_are_those_of_their_properties() -> None:
    assert {JWT, ENCRYPTED, PASETO} == SIGNED_FORMATS
    assert {OPAQUE, JWT, ENCRYPTED, PASETO} == BINDABLE_FORMATS
    assert {each for each in TOKEN_FORMATS if not each.is_readable} == {OPAQUE, ENCRYPTED}
    assert {each for each in TOKEN_FORMATS if not each.is_self_contained} == {OPAQUE}


def test_each_wrapper_is_for_formats_that_there_are() -> None:
    for wrapper in WRAPPERS.values():
        assert wrapper.formats
        assert wrapper.formats <= set(TOKEN_FORMATS)


def test_every_format_with_operations_has_rows_in_the_profile() -> None:
    rows = load_profile(PROFILE).quantiles
    for token_format in TOKEN_FORMATS:
        assert not token_format.operations or any(row.startswith(token_format.operations) for row in rows)


def test_form_and_key_id_of_real_tokens() -> None:
    claims = {"iss": "https://as", "iat": 0, "exp": 1}
    key, ed25519 = generate_signing_key("ES256", "k1"), generate_signing_key("EdDSA", "k2")
    signed = sign_jwt(claims, key, "at+jwt")
    assert (find_form(signed), read_key_id(signed)) == (JWT, "k1")
    assert find_form(make_opaque_token(bytes(32))) == OPAQUE
    assert read_key_id(make_opaque_token(bytes(32))) is None
    pytest.importorskip("pyseto")
    paseto = sign_paseto(claims, ed25519)
    assert (find_form(paseto), read_key_id(paseto)) == (PASETO, "k2")
    pytest.importorskip("joserfc")
    encrypted = encrypt(signed, generate_encryption_key("ECDH-ES+A256KW", "https://api"))
    assert find_form(encrypted) == ENCRYPTED
    assert SESSION.operations == JWT.operations


@pytest.mark.parametrize("algorithm", KEY_MANAGEMENT)
def test_an_encrypted_token_has_one_text(algorithm: str) -> None:
    pytest.importorskip("joserfc")
    key = generate_encryption_key(algorithm, "https://api")
    segments = encrypt("a signed token", key).split(".")
    assert decrypt(".".join(segments), key) == ("a signed token", "")
    for at in range(5):
        for more in ("=", "==", "\n", " "):
            token = ".".join([*segments[:at], segments[at] + more, *segments[at + 1 :]])
            assert decrypt(token, key) == (None, "malformed")


@pytest.mark.parametrize("begin", ["v4.local", "v3.public", "V4.public", "a.b"])
def test_four_segments_of_another_version_or_purpose_have_no_form_and_name_no_key(begin: str) -> None:
    text = f"{begin}.a.{encode({'kid': 'k'})}"
    assert PASETO.has_form_of(text.replace(begin, "v4.public"))
    assert read_key_id(text.replace(begin, "v4.public")) == "k"
    assert not PASETO.has_form_of(text)
    assert (find_form(text), read_key_id(text)) == (OPAQUE, None)


def test_a_footer_longer_than_any_header_may_be_names_no_key() -> None:
    without = len(json.dumps({"kid": "k", "pad": ""}))
    for length, kid in ((LONGEST_HEADER, "k"), (LONGEST_HEADER + 4, None)):
        footer = encode({"kid": "k", "pad": "x" * (length * 3 // 4 - without)})
        assert len(footer) == length
        assert read_key_id(f"v4.public.a.{footer}") == kid


@pytest.mark.parametrize(
    "text", ["", ".", "..", "....", "v4.public.", "ü.ü.ü", "v4.public.a.b.c", "v4.public.a.W10", "v4.public.a.MQ"]
)
def test_any_text_has_a_form_and_no_key_id(text: str) -> None:
    assert find_form(text) in TOKEN_FORMATS
    assert read_key_id(text) is None


def test_a_format_whose_package_is_missing_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_packages(monkeypatch, PASETO.package)
    assert not PASETO.is_installed
    assert JWT.is_installed
