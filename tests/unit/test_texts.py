"""Texts of users' files: bounded, and without characters that control a terminal, a page or a figure."""

import json
import unicodedata
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from simlib.decision import judge_comparison
from simlib.report.comparison_folder import build_report_files
from simlib.report.figure_style import _render as RENDER
from simlib.report.run_record import Provenance
from simlib.scenario import texts
from simlib.scenario.errors import InputError
from simlib.scenario.profile import load_profile
from simlib.scenario.traces import read_trace
from support.comparisons import JWT, comparison
from support.scenarios import scenario

ESCAPE, BELL, CSI, OVERRIDE, ISOLATE, TAG = "\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\U000e0041"
CONTROLS = (ESCAPE, BELL, CSI, OVERRIDE, ISOLATE, TAG, "\x00", "\x7f", "\r", "\u2028", "\u2029", "\ufeff", "\uffff")
PLAIN = (
    "Shop",
    "Größe ≥ 5 €",
    "عربي",
    "हिन्दी",
    "👩\u200d💻",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "a\xa0b",
    "$x_{$",
    "<b>&amp;</b>",
    "%s{}\\",
)

KEYS = (
    "title",
    "description",
    f"designs__{JWT}__title",
    "world__service__audience",
    "world__authorization_server__issuer",
)
letters = st.one_of(st.characters(), st.sampled_from([*CONTROLS, "\n", "\t"]))
any_text = st.one_of(st.text(max_size=30), st.lists(letters, max_size=6).map("".join), st.sampled_from(PLAIN))


def controls_in(text: str, allowed: str = "\n") -> set[str]:
    """The characters that no output may hold, found without the code under test."""
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    marks = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    found = {c for c in text if unicodedata.category(c) in kinds or unicodedata.bidirectional(c) in marks}
    return found - set(allowed)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_character_is_found_and_escaped(control: str) -> None:
    assert texts.find_control(f"a{control}b") == control
    escaped = texts.escape_controls(f"a{control}b")
    assert escaped.startswith("a\\")
    assert escaped.isascii()
    assert texts.escape_controls(f"a{control}b", control) == f"a{control}b"


@pytest.mark.parametrize("text", PLAIN)
def test_text_of_any_language_is_left_as_it_is(text: str) -> None:
    assert texts.find_control(text) == ""
    assert texts.escape_controls(text) == text


@given(st.text())
def test_an_escaped_text_holds_no_control_character(text: str) -> None:
    escaped = texts.escape_controls(text)
    assert controls_in(escaped, "") == set()
    assert texts.find_control(escaped) == ""
    assert (escaped == text) == (texts.find_control(text) == "")


@given(st.sampled_from(KEYS), any_text)
@example("title", f"{ESCAPE}]0;owned{BELL}")
@example("description", "one\ntwo")
@example(f"designs__{JWT}__title", "a\nb")
def test_a_text_of_a_scenario_is_taken_as_it_is_or_refused_with_its_key(key: str, text: str) -> None:
    try:
        chosen = scenario(**{key: text})
    except InputError as refusal:
        message = str(refusal)
        assert message.startswith(f"tiny.toml: {key.replace('__', '.')}: ")
        assert message.isprintable()
        return
    held = {
        "title": chosen.title,
        "description": chosen.description,
        f"designs__{JWT}__title": chosen.designs[JWT].title,
        "world__service__audience": chosen.world.service.audience,
        "world__authorization_server__issuer": chosen.world.authorization_server.issuer,
    }[key]
    assert held == (text or (JWT if key.endswith("__title") else text))
    assert controls_in(held, "\n\t" if key == "description" else "") == set()


@pytest.mark.parametrize("control", [*CONTROLS, "\n", "\t"])
def test_every_text_of_a_scenario_is_checked(control: str) -> None:
    for key in [*KEYS, "name", "world__profile", f"designs__{JWT}__user_information", f"designs__{JWT}__service__part"]:
        if key != "description" or control not in "\n\t":
            with pytest.raises(InputError, match=f"holds the control character U\\+{ord(control):04X}"):
                scenario(**{key: f"a{control}b"})


@pytest.mark.parametrize(
    ("key", "most"), [("title", 200), (f"designs__{JWT}__title", 200), ("name", 200), ("description", 4096)]
)
def test_a_text_has_a_greatest_length(key: str, most: int) -> None:
    scenario(**{key: "x" * most})
    with pytest.raises(InputError, match=f"has {most + 1:,} characters; allowed: at most {most:,}"):
        scenario(**{key: "x" * (most + 1)})


def test_a_message_stays_short_however_long_the_value_is() -> None:
    with pytest.raises(InputError) as refused:
        scenario(world__load__arrival_rate="x" * 4000, world__gateway=7)
    assert len(str(refused.value)) < 3100
    assert len(str(InputError("a" * 10**6))) < 3100


def report_files(**changes: Any) -> dict[str, bytes]:
    verdicts = judge_comparison(comparison(**changes))
    return dict(build_report_files(verdicts, Provenance({"load": "a\udcff.log"}), Path("/out")))


def write_vector_graphics(figure: Figure, kind: str, *options: Any) -> bytes:
    """Files of figures without pixels, which nothing here looks at and which take the most time."""
    return b"" if kind == "png" else RENDER(figure, kind, *options)


@settings(max_examples=4)
@given(any_text, any_text)
@example("$\\frac{$", "$x_{$")
@example("</text><script>", "]]>")
@example(*PLAIN[2:4])
def test_no_report_holds_a_control_character_and_each_figure_is_a_document(title: str, design: str) -> None:
    try:
        with mock.patch("simlib.report.figure_style._render", write_vector_graphics):
            files = report_files(title=title, **{f"designs__{JWT}__title": design})
    except InputError:
        return
    for name, content in files.items():
        if name.endswith(".svg"):
            ElementTree.fromstring(content)
        if not name.endswith(".png"):
            assert controls_in(content.decode("utf-8")) == set(), name
    record = json.loads(files["run.json"])
    assert record["scenario"]["title"] == title
    assert record["options"]["load"] == "a\udcff.log"


@pytest.mark.parametrize("control", CONTROLS)
def test_a_profile_with_a_control_character_is_refused_with_its_row(control: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    text = f"# format: simlib-profile-1\n# machine: a{control}b\ntoken.hash,1e-6\n"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(InputError, match=f"row 2: holds the control character U\\+{ord(control):04X}"):
        load_profile(path)


def test_a_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfabc")
    assert texts.read_text(path, 6) == "abc"
    with pytest.raises(texts.TextTooLong, match="more than 5 bytes"):
        texts.read_text(path, 5)
    if Path("/dev/zero").exists():
        with pytest.raises(texts.TextTooLong):
            texts.read_bytes(Path("/dev/zero"), 10**6)


def test_the_name_of_a_log_is_shown_without_control_characters(tmp_path: Path) -> None:
    path = tmp_path / f"a{ESCAPE}[31m.log"
    path.write_text(
        '1.1.1.1 - - [23/Nov/2026:10:00:00 +0000] "GET /"\n1.1.1.1 - - [23/Nov/2026:10:00:09 +0000] "GET /"\n'
    )
    assert read_trace(path).source == "a\\x1b[31m.log"
