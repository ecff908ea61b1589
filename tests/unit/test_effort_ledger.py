"""The ledger as a file: the bundled one, and a team's own estimates over it, refused in one line when wrong."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simlib.decision.effort import Counts, build_reference_designs, compute_expected_effort, compute_work, load_ledger
from simlib.scenario.errors import InputError

HEADER = "id,pd_low,pd_likely,pd_high"
NEW = f"{HEADER},part,kind,scales_with"


def overrides(folder: Path, text: str | bytes) -> Path:
    path = folder / "my-team.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_item_has_a_source_a_reason_and_says_that_it_is_an_assumption() -> None:
    items = load_ledger().items
    assert len(items) > 74
    assert len({item.id for item in items}) == len(items)
    for item in items:
        assert item.title
        assert item.source
        assert item.failure_without
        assert item.basis.startswith("assumption")
        assert 0 < item.low <= item.likely <= item.high


def test_a_team_replaces_one_estimate_and_all_else_stays(tmp_path: Path) -> None:
    ledger = load_ledger()
    mine = load_ledger(overrides=overrides(tmp_path, f"{HEADER}\nJ05,1,2,3\n"))
    item = mine.find_item("J05")
    assert (item.low, item.likely, item.high) == (1, 2, 3)
    assert (item.title, item.parts, item.source) == (
        ledger.find_item("J05").title,
        ledger.find_item("J05").parts,
        ledger.find_item("J05").source,
    )
    assert item.basis == "own estimate"
    assert [i for i in mine.items if i.id != "J05"] == [i for i in ledger.items if i.id != "J05"]
    assert mine.source == "simlib with my-team.csv"
    designs = build_reference_designs()
    before, after = (compute_expected_effort(one, designs, Counts()) for one in (ledger, mine))
    change = item.mean - ledger.find_item("J05").mean
    for name, design in designs.items():
        moved = change if "J05" in compute_work(ledger, design, Counts()).items else 0.0
        assert after[name].one_off_days - before[name].one_off_days == pytest.approx(moved)


def test_a_row_with_a_new_id_is_a_new_item_of_its_part(tmp_path: Path) -> None:
    text = f"{NEW},title\nX99,1,1,1,service:jwt_local;wrappers:dpop,recurring,per_rs_stack,Renew the audit\n"
    mine = load_ledger(overrides=overrides(tmp_path, text))
    work = {
        name: compute_work(mine, design, Counts(stacks=3)).yearly for name, design in build_reference_designs().items()
    }
    assert {name: yearly.get("X99") for name, yearly in work.items() if "X99" in yearly} == dict.fromkeys(
        ("jwt", "jwt_denylist", "phantom"), 3
    )
    assert mine.find_item("X99").title == "Renew the audit"
    assert mine.find_item("X99").source == "own estimate"


def test_a_known_item_may_be_hung_on_other_parts_and_scale_otherwise(tmp_path: Path) -> None:
    text = f"{NEW}\nJ05,1,2,3,wrappers:dpop,,per_client\n"
    item = load_ledger(overrides=overrides(tmp_path, text)).find_item("J05")
    assert (item.parts, item.kind, item.scales_with) == (("wrappers:dpop",), "one_off", "per_client")


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    text = f"\ufeff{HEADER}\r\n\r\nJ05, 1 ,2,3\r\n,,,\r\n"
    assert load_ledger(overrides=overrides(tmp_path, text)).find_item("J05").low == 1


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    "text",
    [
        "id;pd_low;pd_likely;pd_high\nJ05;0,5;1,25;3\n",
        "id;pd_low;pd_likely;pd_high\r\nJ05;0.5;1.25;3\r\n",
        "id\tpd_low\tpd_likely\tpd_high\nJ05\t0,5\t1,25\t3\n",
        'id,pd_low,pd_likely,pd_high\nJ05,"0,5","1,25",3\n',
        "sep=;\nid;pd_low;pd_likely;pd_high\nJ05;0,5;1,25;3,0\n",
        "id ; pd_low ; pd_likely ; pd_high\n\nJ05 ; 0,5 ; 1,25 ; 3\n;;;\n",
        'id;title;pd_low;pd_likely;pd_high\nJ05;"Rotate; overlap, retire";0,5;1,25;3\n',
    ],
)
def test_what_spreadsheets_of_any_language_write_is_read(tmp_path: Path, text: str, mark: str) -> None:
    item = load_ledger(overrides=overrides(tmp_path, mark + text)).find_item("J05")
    assert (item.low, item.likely, item.high) == (0.5, 1.25, 3.0)


def test_parts_of_a_new_item_keep_their_semicolons_in_a_file_of_semicolons(tmp_path: Path) -> None:
    text = f'{NEW.replace(",", ";")}\nX99;0,5;1;2,5;"service:jwt_local;wrappers:dpop";recurring;per_rs_stack\n'
    item = load_ledger(overrides=overrides(tmp_path, text)).find_item("X99")
    assert (item.parts, item.high) == (("service:jwt_local", "wrappers:dpop"), 2.5)


@given(
    st.lists(st.integers(0, 400), min_size=3, max_size=3).map(sorted),
    st.sampled_from([";", "\t"]),
    st.sampled_from([",", "."]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_delimiter_and_decimal_sign_change_no_estimate(
    tmp_path: Path, quarters: list[int], delimiter: str, sign: str
) -> None:
    numbers = [f"{quarter / 4:.2f}".replace(".", sign) for quarter in quarters]
    text = f"{delimiter.join(HEADER.split(','))}\n{delimiter.join(['J05', *numbers])}\n"
    item = load_ledger(overrides=overrides(tmp_path, text)).find_item("J05")
    assert [item.low, item.likely, item.high] == [quarter / 4 for quarter in quarters]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; it must have a header with id, pd_low, pd_likely, pd_high"),
        (f"{HEADER}\n", "has a header but no estimate"),
        ("id,pd_low,pd_high\nJ05,1,2\n", "line 1: column 'pd_likely' is missing"),
        (f"{HEADER},cost\nJ05,1,2,3,4\n", "line 1: unknown column 'cost'"),
        (f"{HEADER},title\nJ05,1,2,3,a\x1b[31mb\n", "line 2: holds the control character U+001B"),
        (f"{HEADER},title\nJ05,1,2,3,a\u202eb\n", "line 2: holds the control character U+202E"),
        (f'{HEADER},title\nJ05,1,2,3,"a\nb"\n', "line 3: title: holds the control character U+000A"),
        (f"{HEADER},pd_low\nJ05,1,2,3,1\n", "line 1: column 'pd_low' is there 2 times"),
        (f"{HEADER}\nJ05,3,2,4\n", "line 2: pd_low 3 must not be above pd_likely 2"),
        (f"{HEADER}\nJ01,1,2,3\nJ05,1,5,4\n", "line 3: pd_likely 5 must not be above pd_high 4"),
        (f"{HEADER}\nJ05,-1,2,4\n", "line 2: pd_low: must not be negative, but is -1"),
        (f"{HEADER}\nJ05,-0,2,4\n", "line 2: pd_low: must not be negative, but is -0"),
        (f"{HEADER}\nJ05,1,2,inf\n", "line 2: pd_high: must be finite, not inf"),
        (f"{HEADER}\nJ05,nan,2,4\n", "line 2: pd_low: must be finite, not nan"),
        (f"{HEADER}\nJ05,1,2,1e400\n", "line 2: pd_high: must be finite, not 1e400"),
        (f"{HEADER}\nJ05,1,2,1e9\n", "line 2: pd_high: must be at most 100000 person-days"),
        (f"{HEADER}\nJ05,1,two,4\n", "line 2: pd_likely: must be a number of person-days, not 'two'"),
        (f"{HEADER}\nJ05,1,1_0,40\n", "line 2: pd_likely: must be a number of person-days, not '1_0'"),
        (f"{HEADER}\nJ05,1,,4\n", "line 2: pd_likely: must be a number of person-days, not ''"),
        (f"{HEADER}\nJ05,1,2\n", "line 2: has 3 cells, but the header has 4"),
        (f"{HEADER}\nJ05,1,2,3,4\n", "line 2: has 5 cells, but the header has 4"),
        (f"{HEADER}\nJ55,1,2,3\n", "; a new item also needs part, kind, scales_with"),
        (f"{NEW}\nX99,1,2,3,service:jwt_locl,one_off,once_as\n", "line 2: unknown part 'service:jwt_locl'"),
        (f"{NEW}\nX99,1,2,3,service:jwt_local[ttl>0],one_off,once_as\n", "line 2: unknown part 'service:jwt_local[ttl"),
        (f"{NEW}\nX99,1,2,3,!service:jwt_local,one_off,once_as\n", "line 2: part: must name a part that brings"),
        (f"{NEW}\nX99,1,2,3,*,often,once_as\n", "line 2: unknown kind 'often'"),
        (f"{NEW}\nX99,1,2,3,*,one_off,per_team\n", "line 2: unknown scales_with 'per_team'"),
        (f"{HEADER}\nJ05,1,2,3\nJ05,1,2,3\n", "line 3: id: 'J05' is there already, in line 2"),
        (f"{HEADER}\n,1,2,3\n", "line 2: id: must be a name of a work item, not ''"),
        (f"{HEADER},title\nJ05,1,2,3,=1+1\n", "line 2: title: '=1+1' begins like a formula"),
        (f"{HEADER},title\nJ05,1,2,3,+cmd\n", "line 2: title: '+cmd' begins like a formula"),
        (f"{HEADER},title\nJ05,1,2,3,-2+3\n", "line 2: title: '-2+3' begins like a formula"),
        (f"{HEADER},title\nJ05,1,2,3,@SUM(A1)\n", "line 2: title: '@SUM(A1)' begins like a formula"),
        (f"{HEADER},title\nJ05,1,2,3, \tx\n", "line 2: title: ' \\tx' begins like a formula"),
        (f"{HEADER}\n=J05,1,2,3\n", "line 2: id: '=J05' begins like a formula"),
        (f"{HEADER}\nJ05,=1,2,3\n", "line 2: pd_low: '=1' begins like a formula"),
        (f"{HEADER}\nJ05,+1,2,3\n", "line 2: pd_low: '+1' begins like a formula"),
        (f'{HEADER}\n"J05,1,2,3\n', "is no CSV"),
        (f"{HEADER}\nJ05,0,5,1,2\n", "; with decimal commas, separate cells by semicolons"),
        (f'{HEADER}\nJ05,1,2,"1,000"\n', "line 2: pd_high: '1,000' can be read in two ways"),
        (
            "id;pd_low;pd_likely;pd_high\nJ05;1;2;1.000,5\n",
            "line 2: pd_high: a decimal sign is a point or a comma, and '1.000,5' has both; ",
        ),
        (
            "id;pd_low;pd_likely;pd_high\nJ01;1.5;2;3\nJ05;1,5;2;3\n",
            "line 3: pd_low: a decimal sign is a point or a comma, and '1,5' and '1.5' have ",
        ),
        ("id;pd_low;pd_likely;pd_high\nJ05;1,5,0;2;3\n", "line 2: pd_low: must be a number of person-days"),
        ("id;pd_low;pd_likely;pd_high\nJ05;-1,5;2;3\n", "line 2: pd_low: must not be negative"),
        ("sep=;\nid;pd_low;pd_likely;pd_high\nJ05;3;2;4\n", "line 3: pd_low 3 must not be above"),
        (HEADER.encode() + b"\nJ05,1,2,\xff\n", "is not UTF-8 (byte 36)"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_file_and_row(tmp_path: Path, text: str | bytes, told: str) -> None:
    path = overrides(tmp_path, text)
    with pytest.raises(InputError) as refused:
        load_ledger(overrides=path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert told in message.replace("\\\\", "\\")
    assert "\n" not in message


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            load_ledger(overrides=path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(st.sampled_from(["J05", "1", "2", "", "-1", "x", '"', "\t", "=", "*", "one_off"]), max_size=14).map(
            lambda cells: f"{HEADER}\n{','.join(cells)}\n".encode()
        ),
    )
)
def test_whatever_is_in_the_file_it_is_a_ledger_or_one_line(tmp_path: Path, content: bytes) -> None:
    try:
        items = load_ledger(overrides=overrides(tmp_path, content)).items
    except InputError as error:
        told, items = str(error), ()
    else:
        told = ""
    assert "\n" not in told
    assert all(0 <= item.low <= item.likely <= item.high <= 1e5 for item in items)
