"""Frames of Twilio's kind by their numbers, whichever of the three a service sends: as the whole dialect hears them."""

import base64
import json

import pytest

from streams.pure.gateway.numbered_media import number_in
from streams.pure.gateway.twilio import Twilio
from streams.pure.messages import Audio, Dtmf, FrameFaults, GatewayMessage, MarkPlayed

START = {"event": "start", "stream_id": "s1", "start": {"call_control_id": "c1"}}
NONE = FrameFaults()


def frame(number: int, kinds: str, track: str = "inbound", as_text: bool = True) -> dict:
    """Frame `number` of its track, 1 and on; its payload says which. `kinds`: s(equence), c(hunk), t(imestamp)."""
    payload = number.to_bytes(4, "big") + track[:1].encode() * 156

    def spelled(value: int) -> str | int:
        return str(value) if as_text else value

    media: dict[str, object] = {"track": track, "payload": base64.b64encode(payload).decode()}
    media |= {"chunk": spelled(number)} if "c" in kinds else {}
    media |= {"timestamp": spelled(20 * number)} if "t" in kinds else {}
    return {"event": "media", "media": media, **({"sequence_number": spelled(number + 1)} if "s" in kinds else {})}


def heard(messages: list[dict], start: dict | None = None) -> tuple[list[int], FrameFaults, list[GatewayMessage]]:
    """The frames that were heard, what their numbers told, and all of it, to the end."""
    twilio = Twilio({})
    said = [word for message in ([start or START] + messages) for word in twilio.decode_text(json.dumps(message))] + list(twilio.waited())
    faults = [word for word in said if isinstance(word, FrameFaults)]
    return [int.from_bytes(word.payload[:4], "big") for word in said if isinstance(word, Audio)], (faults or [NONE])[-1], said


KINDS = ["s", "c", "t", "sc", "st", "ct", "sct", ""]
COUNTED = ["s", "c", "sc", "sct", "ct"]
kinds = pytest.mark.parametrize("kinds", KINDS)


@kinds
@pytest.mark.parametrize("as_text", [True, False])
def test_in_order_nothing_is_said_of_them(kinds, as_text):
    frames, faults, _ = heard([frame(number, kinds, as_text=as_text) for number in range(1, 80)])
    assert (frames, faults) == (list(range(1, 80)), NONE)


@pytest.mark.parametrize("kinds", [kinds for kinds in KINDS if kinds])
@pytest.mark.parametrize("each", [2, 3, 5])
def test_each_so_manieth_comes_before_its_neighbour(kinds, each):
    messages = [frame(number, kinds) for number in range(1, 101)]
    for place in range(each - 1, 99, each):
        messages[place], messages[place + 1] = messages[place + 1], messages[place]
    frames, faults, _ = heard(messages)
    assert frames == list(range(1, 101))
    assert faults == FrameFaults(reordered=faults.reordered)
    assert faults.reordered > 10


@pytest.mark.parametrize("kinds", COUNTED)
def test_gaps_and_doubles(kinds):
    told = [number for number in range(1, 60) if number not in (20, 21, 40)]
    messages = [frame(number, kinds) for number in (*told[:30], told[29], *told[30:])]
    assert heard(messages)[:2] == (told, FrameFaults(lost=3, doubled=1))


@pytest.mark.parametrize("kinds", COUNTED)
def test_both_tracks_each_in_its_order(kinds):
    """By sequence numbers both are one count, by chunks each has its own."""
    messages = []
    for number in range(1, 50):
        for place, track in enumerate(("inbound", "outbound")):
            message = frame(number, kinds, track)
            if "s" in kinds:
                message["sequence_number"] = 2 * number + place
            messages.append(message)
    for place in range(9, 90, 10):
        messages[place], messages[place + 1] = messages[place + 1], messages[place]
    _, faults, said = heard(messages)
    for track in ("inbound", "outbound"):
        frames = [int.from_bytes(word.payload[:4], "big") for word in said if isinstance(word, Audio) and word.track == track]
        assert frames == list(range(1, 50))
    assert (faults.lost, faults.doubled, faults.late) == (0, 0, 0)


def test_what_comes_between_frames_has_numbers_of_the_same_count():
    twilio, said = Twilio({}), list[GatewayMessage]()
    between = {3: {"event": "dtmf", "dtmf": {"digit": "5"}}, 5: {"event": "mark", "mark": {"name": "m1"}}}
    for sequence in range(1, 9):
        message = START if sequence == 1 else between.get(sequence) or frame(sequence, "")
        said += twilio.decode_text(json.dumps({**message, "sequence_number": sequence}))
    assert [word for word in said if isinstance(word, FrameFaults)] == []
    assert {Dtmf("5"), MarkPlayed("m1")} < {word for word in said if isinstance(word, Dtmf | MarkPlayed | Audio)}
    assert len([word for word in said if isinstance(word, Audio)]) == 5
    assert twilio.hold_seconds == 0


def test_a_digit_before_the_frame_in_front_of_it_holds_nothing_up():
    messages = [frame(1, "s"), {"event": "dtmf", "sequence_number": 4, "dtmf": {"digit": "5"}}, frame(2, "s"), frame(4, "s"), frame(5, "s")]
    frames, faults, said = heard(messages, {**START, "sequence_number": 1})
    assert (frames, faults) == ([1, 2, 4, 5], NONE)
    assert Dtmf("5") in said


@pytest.mark.parametrize("kinds", ["s", "c"])
@pytest.mark.parametrize("size", [2**16, 2**32])
def test_a_count_that_wraps(kinds, size):
    messages = []
    for place in range(1, 101):
        message = frame(place, "")
        number = (size - 50 + place) % size
        if kinds == "s":
            message["sequence_number"] = str(number)
        else:
            message["media"]["chunk"] = str(number)
        messages.append(message)
    messages[49], messages[50] = messages[50], messages[49]
    assert heard(messages)[:2] == (list(range(1, 101)), FrameFaults(reordered=1))


@pytest.mark.parametrize("kinds", ["s", "c", "t", "sct"])
def test_numbers_and_timestamps_that_begin_anew(kinds):
    """A service that starts its stream again within the connection: no frame is taken for one of before."""
    first = [frame(number, kinds) for number in range(1, 61)]
    again = [{**message, "media": {**message["media"], "payload": other}} for message, other in zip(first, payloads(61, 121), strict=True)]
    frames, faults, _ = heard(first + again)
    assert (frames, faults) == (list(range(1, 121)), NONE)


def payloads(first: int, beyond: int) -> list[str]:
    return [base64.b64encode(number.to_bytes(4, "big") + b"i" * 156).decode() for number in range(first, beyond)]


def test_only_timestamps_begin_anew():
    messages = [frame(number, "sct") for number in range(1, 61)]
    for message in messages[30:]:
        message["media"]["timestamp"] = str(int(message["media"]["timestamp"]) - 600)
    assert heard(messages)[:2] == (list(range(1, 61)), NONE)


@pytest.mark.parametrize("missing", [(5,), (5, 6, 7), tuple(range(1, 60, 2))])
def test_some_have_no_number(missing):
    messages = [frame(number, "" if number in missing else "sct") for number in range(1, 60)]
    frames, faults, _ = heard(messages)
    assert frames == list(range(1, 60))
    assert faults.lost == 0


@pytest.mark.parametrize("number", ["x", None, True, "", -3, 1.5, [], "9" * 40, "１２"])
def test_numbers_that_are_none(number):
    messages = [frame(place, "") | {"sequence_number": number} for place in range(1, 20)]
    assert heard(messages)[:2] == (list(range(1, 20)), NONE)


@pytest.mark.parametrize(("value", "means"), [("7", 7), (7, 7), (7.0, 7), (" 7 ", 7), ("0", 0), (str(2**32), 2**32), (False, None)])
def test_how_numbers_are_written(value, means):
    assert number_in(value) == means


def test_timestamps_of_a_clock_are_left_alone():
    """Milliseconds of the day at which each was sent, some apart and some together."""
    messages = []
    for place, stamp in enumerate((1000, 1021, 1038, 1090, 1090, 1091, 1120, 1400), 1):
        message = frame(place, "")
        message["media"]["timestamp"] = str(stamp)
        messages.append(message)
    twilio = Twilio({})
    twilio.decode_text(json.dumps(START))
    for message in messages:
        assert len(twilio.decode_text(json.dumps(message))) == 1


def test_media_before_start_is_put_in_order_as_well():
    twilio = Twilio({})
    for number in (1, 3, 2, 4):
        assert twilio.decode_text(json.dumps(frame(number, "sct"))) == ()
    said = twilio.decode_text(json.dumps({**START, "sequence_number": "1"}))
    assert [int.from_bytes(word.payload[:4], "big") for word in said if isinstance(word, Audio)] == [1, 2, 3, 4]
