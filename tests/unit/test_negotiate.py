"""The form in which a scrape is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.exposition import CONTENT_TYPES, negotiate
from tests.unit.builders import quick

OPENMETRICS = "application/openmetrics-text"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
PIECES = [
    OPENMETRICS,
    "text/plain",
    "*/*",
    ";",
    ",",
    "q",
    "=",
    "version",
    "1.0.0",
    "0.0.4",
    "nan",
    "-1",
    "1e999",
    '"',
    " ",
    "\t",
    "é",
    "\x00",
]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        pytest.param(
            f"{OPENMETRICS};version=1.0.0,{OPENMETRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "openmetrics",
            id="Prometheus 2.42",
        ),
        pytest.param(
            f"{OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,{OPENMETRICS};version=0.0.1;q=0.4,"
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            "openmetrics",
            id="Prometheus 3",
        ),
        pytest.param(
            f"{PROTOBUF};q=0.6,{OPENMETRICS};version=1.0.0;escaping=underscores;q=0.5,{OPENMETRICS};version=0.0.1;q=0.4,"
            "text/plain;version=1.0.0;escaping=underscores;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            "openmetrics",
            id="Prometheus 3 with protobuf",
        ),
        pytest.param(
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "text",
            id="Prometheus 3 told to take text only",
        ),
        pytest.param(f"{OPENMETRICS};version=0.0.1;q=0.5,*/*;q=0.1", "text", id="OpenMetrics 0.0.1 only"),
        pytest.param("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "text", id="browser"),
        pytest.param("*/*", "text", id="curl"),
        pytest.param("", "text", id="empty"),
        pytest.param("application/json", "text", id="nothing that we write"),
        pytest.param(OPENMETRICS, "openmetrics", id="no version"),
        pytest.param("Application/OpenMetrics-Text; Version=1.0.0; Q=0.5", "openmetrics", id="upper case and blanks"),
        pytest.param(f"text/plain;q=0.4, {OPENMETRICS};q=0.6", "openmetrics", id="preferred though last"),
        pytest.param(f"{OPENMETRICS};q=0.4, text/plain;q=0.6", "text", id="not preferred though first"),
        pytest.param(f"{OPENMETRICS}, text/plain", "text", id="equal"),
        pytest.param(f"{OPENMETRICS};q=0", "text", id="refused"),
        pytest.param(f"{OPENMETRICS};version=1.0.0;q=0.000,*/*;q=0", "text", id="everything refused"),
        pytest.param(f"text/plain;q=0,{OPENMETRICS};q=0.001", "openmetrics", id="text refused"),
    ],
)
def test_the_form_that_the_client_prefers(accept: str, form: str) -> None:
    """OpenMetrics goes to clients that ask for its version 1.0.0 above text, text to all others."""
    assert negotiate(accept) == form


@pytest.mark.parametrize(
    "quality", ["", "x", "nan", "-1", "-inf", "0x1", "1;q=0", "=1", "\x00", "1" * 5000 + "x", "0." + "0" * 5000, '"1"']
)
def test_a_hostile_quality_is_worth_nothing(quality: str) -> None:
    """A quality that is no number above zero leaves it at text."""
    assert negotiate(f"{OPENMETRICS};version=1.0.0;q={quality}") == "text"


@quick
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_header_gets_a_form(accept: str) -> None:
    """No header is an error, and each gets a form that has a content type."""
    assert negotiate(accept) in CONTENT_TYPES
