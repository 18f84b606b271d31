"""The rate of a gateway's frames between two looks at its meter."""

from streams.pure.gateway.meter import Meter


def test_the_rate_is_that_since_the_last_look() -> None:
    meter = Meter()
    meter.frames += 250
    assert meter.per_second(5.0) == 50.0
    meter.frames += 50
    assert meter.per_second(5.0) == 10.0


def test_silence_is_said_once() -> None:
    meter = Meter()
    assert meter.per_second(5.0) is None
    meter.frames += 1
    assert [meter.per_second(5.0) for _ in range(3)] == [0.2, 0.0, None]
