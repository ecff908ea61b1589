"""The sequence diagram says in words what it shows."""

import pytest

from simlib.report.process_figures import sequence_figure
from simlib.tracing.user_lifecycle import NEXT, trace_user
from support.worlds import scenario


def test_there_is_a_panel_per_design_and_words_for_every_request() -> None:
    given = scenario()
    figure, words = sequence_figure([trace_user(given, name, "web") for name in ("opaque", "jwt")], NEXT)
    titles = [axes.get_title(loc) for axes in figure.axes for loc in ("left", "center") if axes.get_title(loc)]
    assert titles == ["opaque: 4 messages", "jwt: 2 messages"]
    assert "service requests introspect from authorization_server" in words
    assert "jwt, 2 messages: client requests api from service." in words


def test_a_phase_without_messages_is_refused() -> None:
    with pytest.raises(ValueError, match="no messages in the phase"):
        sequence_figure([trace_user(scenario(), "jwt", "web")], "no such phase")
