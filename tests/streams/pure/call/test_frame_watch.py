"""What the numbers of a gateway's frames told: said seldom, and in full at the end."""

from typing import Any

from streams.pure.call.frame_watch import FrameWatch
from streams.pure.lifecycle import EventKind, Level
from streams.pure.messages import FrameFaults


class Notes:
    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []

    def __call__(self, kind: EventKind, level: Level, stream_id: object, now: float, /, **details: Any) -> None:
        assert (kind, level, stream_id) == (EventKind.CALL_FRAMES_FAULTY, Level.WARNING, None)
        self.noted.append(details)


def test_it_is_said_at_one_at_ten_and_at_a_hundred() -> None:
    notes = Notes()
    watch = FrameWatch(notes)
    for count in range(1, 151):
        watch.came(FrameFaults(reordered=count), 1.0)
    assert [noted["frames_put_in_order"] for noted in notes.noted] == [1, 10, 100]
    assert watch.words() == "150 put in order"


def test_many_at_once_are_said_once() -> None:
    notes = Notes()
    watch = FrameWatch(notes)
    watch.came(FrameFaults(lost=500, doubled=2, late=1), 1.0)
    watch.came(FrameFaults(lost=500, doubled=2, late=2), 1.0)
    assert notes.noted == [{"frames_lost": 500, "frames_doubled": 2, "frames_too_late": 1}]
    assert watch.to_json() == {"frames_lost": 500, "frames_doubled": 2, "frames_too_late": 2}
    assert watch.words() == "500 lost, 2 doubled, 2 too late"


def test_where_there_was_nothing_nothing_is_said() -> None:
    notes = Notes()
    watch = FrameWatch(notes)
    watch.came(FrameFaults(), 1.0)
    assert (notes.noted, watch.words(), watch.to_json()) == ([], None, {})
