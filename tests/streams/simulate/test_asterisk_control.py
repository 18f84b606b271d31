"""Our Asterisk's control messages are those of a real one, to the byte."""

import json

import pytest

from streams.simulate.asterisk_control import Control, ControlCommand, UnreadableCommand
from tests.streams.simulate import recordings


def control_of(name: str) -> tuple[Control, str]:
    """The Control that speaks as in a recording, and the recording's MEDIA_START."""
    start = recordings.texts(name)[0]
    if start.startswith("{"):
        return Control(True, json.loads(start)["channel_id"]), start
    return Control(False, start.split("channel_id:")[1].split()[0]), start


@pytest.mark.parametrize("name", recordings.NAMES)
def test_media_start(name: str) -> None:
    control, start = control_of(name)
    fields = json.loads(start) if control.as_json else dict(pair.split(":", 1) for pair in start.split()[1:])
    written = control.media_start(
        connection_id="ingress",
        channel=fields["channel"],
        codec=fields["format"],
        frame_bytes=int(fields["optimal_frame_size"]),
        variables=fields.get("channel_variables", {}),
    )
    assert written == start


@pytest.mark.parametrize("name", ["ulaw-plain-dtmf", "ulaw-json-dtmf"])
def test_dtmf_end(name: str) -> None:
    control, _ = control_of(name)
    assert [control.dtmf_end(digit) for digit in "12#"] == recordings.texts(name)[1:]


@pytest.mark.parametrize("name", ["ulaw-plain-playback-echo", "ulaw-json-playback"])
def test_answers_to_commands(name: str) -> None:
    control, _ = control_of(name)
    status = control.status(queue_length=50, xon_level=800, xoff_level=900, queue_full=False, bulk_media=False, media_paused=False)
    written = [status, control.correlated("MEDIA_BUFFERING_COMPLETED", "buf-1"), control.correlated("MEDIA_MARK_PROCESSED", "mark-1")]
    written.append(control.error("Unable to parse JSON command") if control.as_json else control.bare("QUEUE_DRAINED"))
    assert written == recordings.texts(name)[1:5]


def test_releases_before_22_8_name_no_channel() -> None:
    control = Control(False, "")
    start = control.media_start(connection_id="ingress", channel="WebSocket/ingress/0x1", codec="ulaw", frame_bytes=160, variables={})
    assert start == "MEDIA_START connection_id:ingress channel:WebSocket/ingress/0x1 format:ulaw optimal_frame_size:160 ptime:20"
    assert control.dtmf_end("5") == "DTMF_END digit:5"


@pytest.mark.parametrize(
    ("as_json", "text", "command"),
    [
        (False, "MARK_MEDIA mark-1", ControlCommand("MARK_MEDIA", "mark-1")),
        (False, " HANGUP \n", ControlCommand("HANGUP")),
        (True, '{"command":"MARK_MEDIA","correlation_id":"mark-1"}', ControlCommand("MARK_MEDIA", "mark-1")),
        (True, '{"command":"HANGUP"}', ControlCommand("HANGUP")),
    ],
)
def test_commands(as_json: bool, text: str, command: ControlCommand) -> None:
    assert Control(as_json, "1.1").command(text) == command


@pytest.mark.parametrize("text", ["{not json", "HANGUP", "[]", ""])
def test_unreadable_json_commands(text: str) -> None:
    with pytest.raises(UnreadableCommand):
        Control(True, "1.1").command(text)
