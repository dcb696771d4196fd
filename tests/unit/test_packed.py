"""Texts that are compressed one by one and joined."""

import gzip

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.exposition import chained, pack
from tests.unit.builders import quick

TEXTS = st.binary(max_size=300) | st.integers(0, 100_000).map(lambda count: b"line\n" * count)


@quick
@given(texts=st.lists(TEXTS, max_size=6), tail=st.binary(max_size=100))
def test_joined_parts_are_one_gzip_file(texts: list[bytes], tail: bytes) -> None:
    """Whatever the parts are, empty ones too, the file is whole: its checksum and its length are those of the text."""
    assert gzip.decompress(chained([pack(text) for text in texts]).with_tail(tail)) == b"".join(texts) + tail
