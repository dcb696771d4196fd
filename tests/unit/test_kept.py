"""What is kept beside the standings until it is written."""

from exporter.history.kept import Find, Kept

OLD, MIDDLE, NEW = (Find(b"", at) for at in (10.0, 20.0, 30.0))


def test_what_is_noted_is_held_and_to_be_written_once() -> None:
    """What was held from the start is not to be written."""
    kept = Kept({"a": OLD})
    kept.note({"b": NEW})
    assert kept.held == {"a": OLD, "b": NEW}
    assert kept.take_unwritten() == {"b": NEW}
    assert kept.take_unwritten() == {}


def test_what_could_not_be_written_is_to_be_written_again() -> None:
    """But what was noted meanwhile is newer."""
    kept = Kept[Find]({})
    kept.note({"a": OLD, "b": OLD})
    unwritten = kept.take_unwritten()
    kept.note({"b": NEW, "c": NEW})
    kept.put_back(unwritten)
    assert kept.take_unwritten() == {"a": OLD, "b": NEW, "c": NEW}
    assert kept.held == {"a": OLD, "b": NEW, "c": NEW}


def test_what_is_older_is_forgotten() -> None:
    """And nothing that is not."""
    kept = Kept({"a": OLD, "b": MIDDLE, "c": NEW})
    kept.forget(20.0)
    assert kept.held == {"b": MIDDLE, "c": NEW}


def test_what_is_in_use_is_not_forgotten() -> None:
    """However old it is: a file that was read a year ago and breaks today takes nothing away."""
    kept = Kept({"a": OLD, "b": OLD})
    kept.in_use = {"b"}
    assert kept.old(20.0) == ["a"]
    kept.forget(20.0)
    assert kept.held == {"b": OLD}
