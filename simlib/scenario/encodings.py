"""JSON and HTML forms of messages, read and written as the standard library does, with a short way for plain input.

Servers parse and encode some messages for every request. Much of the time that the standard library takes for one is
preparation: an encoder built per call, the detection of UTF-16, the search for escapes. A message that needs none of it
is done at once; any other is passed to the standard library, whose results and errors are the same.
"""

import json
import re
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

_ENCODER = json.JSONEncoder(separators=(",", ":"))
_scan: Callable[[str, int], tuple[Any, int]] = json.decoder.scanner.make_scanner(json.JSONDecoder())  # type: ignore[attr-defined]
_is_plain = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
"""Text that a form holds as it is (RFC 3986 section 2.3)."""


def _build_encoder() -> Callable[[Any], str]:
    """Build the encoder of compact JSON: the interpreter's own, made once, where it has one."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return _ENCODER.encode
    chunks = make(None, _ENCODER.default, encode_basestring_ascii, None, ":", ",", False, False, True)
    return lambda value: "".join(chunks(value, 0))


encode_json: Callable[[Any], str] = _build_encoder()
"""Value -> compact JSON, in ASCII."""


def decode_json(body: bytes) -> Any:
    """Decode a JSON document; raises ValueError or RecursionError for anything else."""
    if body[:2] == b'{"':  # so it is UTF-8
        try:
            text = body.decode()
            value, end = _scan(text, 0)
            if end == len(text):
                return value
        except (StopIteration, ValueError):
            pass
    return json.loads(body)


def encode_form(values: Mapping[str, str], errors: str = "strict") -> str:
    """Encode names and values as a form; ``errors`` as in `str.encode`, for lone surrogates."""
    if _is_plain("".join([*values, *values.values()])):
        return "&".join([f"{name}={value}" for name, value in values.items()])
    return urlencode(values, errors=errors)


def decode_form(text: str) -> list[tuple[str, str]]:
    """Decode a form without its empty values; raises ValueError where a field has no "="."""
    if "%" in text or "+" in text or not text:
        return parse_qsl(text, strict_parsing=True)
    fields = [field.partition("=") for field in text.split("&")]
    if not all(separator for _, separator, _ in fields):
        return parse_qsl(text, strict_parsing=True)
    return [(name, value) for name, _, value in fields if value]


def decode_form_value(text: str) -> str:
    """Decode one value of a form."""
    return unquote_plus(text) if "%" in text or "+" in text else text
