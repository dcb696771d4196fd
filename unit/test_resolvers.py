"""Which resolver is asked next."""

import pytest

from exporter.providers.resolvers import Address, Resolvers, read_address

ONE, TWO, THREE = Address("10.0.0.1", 53), Address("10.0.0.2", 53), Address("10.0.0.3", 53)
NOW = 1000.0


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.53:53", Address("10.0.0.53", 53)),
        ("127.0.0.1:5353", Address("127.0.0.1", 5353)),
        ("[::1]:53", Address("::1", 53)),
        ("[2001:db8::53]:5353", Address("2001:db8::53", 5353)),
    ],
)
def test_an_address_is_read_and_written_alike(text: str, address: Address) -> None:
    """The text of the config gives the address, and the address gives that text again."""
    assert read_address(text) == address
    assert str(address) == text


def resolvers(*failures: tuple[Address, int]) -> Resolvers:
    """Three resolvers, of which these have failed so often, all at once."""
    memory = Resolvers((ONE, TWO, THREE))
    for address, times in failures:
        for _ in range(times):
            memory.failed(address, NOW)
    return memory


@pytest.mark.parametrize(
    ("failures", "order"),
    [
        pytest.param([], [ONE, TWO, THREE], id="none failed"),
        pytest.param([(ONE, 4)], [ONE, TWO, THREE], id="four failures are forgiven"),
        pytest.param([(ONE, 5)], [TWO, THREE, ONE], id="five in a row rest it"),
        pytest.param([(ONE, 5), (TWO, 5)], [THREE, ONE, TWO], id="two rest, in their order"),
        pytest.param([(ONE, 5), (TWO, 5), (THREE, 5)], [ONE, TWO, THREE], id="all rest: all are asked all the same"),
    ],
)
def test_rested_resolvers_come_last(failures: list[tuple[Address, int]], order: list[Address]) -> None:
    """Resolvers are tried in their order, those that failed five times in a row after the others."""
    assert resolvers(*failures).in_order(NOW) == order


def test_a_rest_ends_after_half_a_minute() -> None:
    """A rested resolver has its old place again after thirty seconds."""
    memory = resolvers((ONE, 5))
    assert memory.in_order(NOW + 29.9)[-1] == ONE
    assert memory.in_order(NOW + 30.0) == [ONE, TWO, THREE]


def test_one_more_failure_rests_it_again() -> None:
    """A resolver that fails after its rest is rested at once, not after five more failures."""
    memory = resolvers((ONE, 5))
    memory.failed(ONE, NOW + 40)
    assert memory.in_order(NOW + 41) == [TWO, THREE, ONE]


def test_an_answer_ends_a_rest_and_the_row() -> None:
    """After an answer a resolver is as good as new: in its place, and forgiven its earlier failures."""
    memory = resolvers((ONE, 5))
    memory.answered(ONE)
    assert memory.in_order(NOW) == [ONE, TWO, THREE]
    for _ in range(4):
        memory.failed(ONE, NOW)
    assert memory.in_order(NOW) == [ONE, TWO, THREE]


def test_a_resolver_is_down_after_five_failures_until_it_answers() -> None:
    """``up`` tells of each address whether it failed five times in a row, the end of its rest changes nothing."""
    memory = resolvers((ONE, 4), (TWO, 5))
    assert memory.up() == {"10.0.0.1:53": True, "10.0.0.2:53": False, "10.0.0.3:53": True}
    memory.answered(TWO)
    assert memory.up()["10.0.0.2:53"] is True


def test_an_address_given_twice_is_one_resolver() -> None:
    """The same address twice is asked once."""
    assert Resolvers((ONE, TWO, ONE)).in_order(NOW) == [ONE, TWO]
