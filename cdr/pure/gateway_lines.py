"""The lines to paste on a gateway's side, with its URL filled in. docs/gateways shows the same ones; a test compares them.

Owns those lines. Must not know requests or rows, and no password: the reader writes it where YOUR_PASSWORD stands."""

from typing import NamedTuple

from streams.pure.gateway.asterisk import Asterisk
from streams.pure.gateway.audio_fork import AudioFork
from streams.pure.gateway.audio_stream import AudioStream
from streams.pure.gateway.twilio import Twilio

PASSWORD, CREDENTIALS = "YOUR_PASSWORD", "YOUR_CREDENTIALS"


class Fill(NamedTuple):
    """What is filled in. `base`: wss://host, or ws://host. `credentials`: base64 of NAME:PASSWORD. `signed`: it is known by its signature,
    and by no password."""

    base: str
    name: str
    password: str = PASSWORD
    credentials: str = CREDENTIALS
    signed: bool = False


class Lines(NamedTuple):
    """`title`: where they belong; `about`: what they do, a sentence or two."""

    title: str
    about: str
    text: str


CLIENT = """\
[streamdesk]
type = websocket_client
uri = @BASE@/gateway/asterisk/@NAME@/
protocols = media
connection_type = per_call_config
username = @NAME@
password = @PASSWORD@
connection_timeout = 2000
reconnect_attempts = 4
@TLS@
"""
TLS, NO_TLS = "tls_enabled = yes\nca_list_file = /etc/ssl/certs/ca-certificates.crt", "tls_enabled = no"
DIAL = """\
[to-streamdesk]
exten => _X.,1,Set(CALL_UUID=${UUID()})
 same => n,Dial(WebSocket/streamdesk/c(ulaw)f(json)v(call_uuid=${CALL_UUID},from=${URIENCODE(${CALLERID(num)})},to=${URIENCODE(${EXTEN})}))
 same => n,Hangup()
"""
LISTEN_ONLY = """\
ARI=http://127.0.0.1:8088/ari; AUTH=user:password; CALL_UUID=$(cat /proc/sys/kernel/random/uuid)
curl -u $AUTH -X POST "$ARI/channels/CHANNEL/snoop?app=streamdesk&snoopId=snoop-1&spy=both"
curl -u $AUTH -X POST -G "$ARI/channels/externalMedia" --data-urlencode "app=streamdesk" --data-urlencode "channelId=fork-1" \\
  --data-urlencode "transport=websocket" --data-urlencode "encapsulation=none" --data-urlencode "external_host=streamdesk" \\
  --data-urlencode "format=slin16" --data-urlencode "direction=in" \\
  --data-urlencode "transport_data=v(call_uuid=$CALL_UUID,from=FROM,to=TO,media=in)"
curl -u $AUTH -X POST "$ARI/bridges/fork-bridge-1?type=mixing"
curl -u $AUTH -X POST "$ARI/bridges/fork-bridge-1/addChannel?channel=snoop-1,fork-1"
"""
ASTERISK = (
    Lines("websocket_client.conf", "How Asterisk reaches this platform.", CLIENT),
    Lines(
        "extensions.conf: both ways",
        "The caller talks to the customer's service; when the stream's connection ends, so does the call. Leave out f(json) before "
        "Asterisk 20.18, 22.8 and 23.2.",
        DIAL,
    ),
    Lines(
        "Listening only, by ARI",
        "A fork that leaves the call alone. CHANNEL is the call's channel, FROM and TO its numbers, streamdesk a Stasis application of "
        "yours that is connected to ARI.",
        LISTEN_ONLY,
    ),
)

ENCODE = "printf '@NAME@:@PASSWORD@' | base64\n"
AUDIO_STREAM_DIALPLAN = """\
<extension name="streamdesk">
  <condition field="destination_number" expression="^(\\d+)$">
    <action application="set" data='STREAM_EXTRA_HEADERS={"Authorization":"Basic @CREDENTIALS@"}'/>
    <action application="set" data='api_on_answer=uuid_audio_stream ${uuid} start @BASE@/gateway/audio_stream/@NAME@/?call_uuid=${uuid}&amp;from=${url_encode(${caller_id_number})}&amp;to=${url_encode(${destination_number})}&amp;rate=16000&amp;mix=mono mono 16k'/>
    <action application="set" data="send_silence_when_idle=-1"/>
    <action application="answer"/>
    <action application="park"/>
  </condition>
</extension>
"""  # noqa: E501 - one line is one line in a dialplan
AUDIO_STREAM_CONSOLE = """\
uuid_setvar UUID STREAM_EXTRA_HEADERS {"Authorization":"Basic @CREDENTIALS@"}
uuid_audio_stream UUID start @BASE@/gateway/audio_stream/@NAME@/?call_uuid=UUID&from=FROM&to=TO&rate=16000&mix=stereo stereo 16k
"""
AUDIO_STREAM = (
    Lines("Credentials, encoded", f"Once, in a shell. What it prints belongs where {CREDENTIALS} stands below.", ENCODE),
    Lines(
        "Dialplan",
        "Forks the caller's voice from the answer on. The call goes on whatever becomes of it. Without send_silence_when_idle a parked "
        "call hears nothing of what is played.",
        AUDIO_STREAM_DIALPLAN,
    ),
    Lines(
        "Or from fs_cli",
        "Both parties of a call that is up already; UUID is FreeSWITCH's for it, FROM and TO are its numbers (+ is %2B).",
        AUDIO_STREAM_CONSOLE,
    ),
)

LISTEN_VERB = """\
[
  {"verb": "answer"},
  {
    "verb": "listen",
    "url": "@BASE@/gateway/audio_fork/@NAME@/?bidirectional=stream",
    "wsAuth": {"username": "@NAME@", "password": "@PASSWORD@"},
    "sampleRate": 8000,
    "mixType": "mono",
    "passDtmf": true,
    "bidirectionalAudio": {"enabled": true, "streaming": true, "sampleRate": 8000}
  },
  {"verb": "hangup"}
]
"""
AUDIO_FORK_CONSOLE = """\
uuid_setvar UUID MOD_AUDIO_BASIC_AUTH_USERNAME @NAME@
uuid_setvar UUID MOD_AUDIO_BASIC_AUTH_PASSWORD @PASSWORD@
uuid_audio_fork UUID start @BASE@/gateway/audio_fork/@NAME@/?fork=agent stereo 16k agent {"callSid":"UUID","from":"1001","to":"1002","sampleRate":16000,"mixType":"stereo"}
"""  # noqa: E501 - one line is one command
AUDIO_FORK_BOTH_WAYS = """\
uuid_setvar UUID MOD_AUDIO_BASIC_AUTH_USERNAME @NAME@
uuid_setvar UUID MOD_AUDIO_BASIC_AUTH_PASSWORD @PASSWORD@
uuid_audio_fork UUID start @BASE@/gateway/audio_fork/@NAME@/?bidirectional=stream mono 16k agent {"callSid":"UUID","from":"1001","to":"1002","sampleRate":16000,"mixType":"mono"} true true 16000
"""  # noqa: E501 - one line is one command
AUDIO_FORK = (
    Lines("jambonz application", "The listen verb, both ways. Numbers and call id are told by jambonz itself.", LISTEN_VERB),
    Lines(
        "drachtio, or fs_cli: listening",
        "Both parties. UUID is FreeSWITCH's for the call. The metadata must not contain blanks.",
        AUDIO_FORK_CONSOLE,
    ),
    Lines(
        "drachtio, or fs_cli: both ways",
        "The last three arguments are for the audio back: that there is any, that it is a stream, and its rate. Hang up at the event "
        "mod_audio_fork::disconnect yourself.",
        AUDIO_FORK_BOTH_WAYS,
    ),
)

CONNECT = """\
<Response>
  <Connect>
    <Stream url="@BASE@/gateway/twilio/@NAME@/@SECRET@">
      <Parameter name="from" value="{{From}}"/>
      <Parameter name="to" value="{{To}}"/>
    </Stream>
  </Connect>
  <Hangup/>
</Response>
"""
START = """\
<Response>
  <Start>
    <Stream url="@BASE@/gateway/twilio/@NAME@/@SECRET@" track="both_tracks">
      <Parameter name="from" value="{{From}}"/>
      <Parameter name="bidirectional" value="false"/>
    </Stream>
  </Start>
  <Dial>+14155550100</Dial>
</Response>
"""
TWILIO = (
    Lines("TwiML: both ways", "For a talking service.", CONNECT),
    Lines("TwiML: listening only", "Both parties, while the call goes on. Dial your own number.", START),
)
TWILIO_URL = Lines(
    "The URL, for Telnyx, SignalWire, Exotel and others",
    "Where Basic auth is possible, use that and leave the password out of the URL.",
    "@BASE@/gateway/twilio/@NAME@/@SECRET@\n",
)

BY_DIALECT = {Asterisk.name: ASTERISK, AudioStream.name: AUDIO_STREAM, AudioFork.name: AUDIO_FORK, Twilio.name: TWILIO}


def lines_to_paste(dialect: str, fill: Fill) -> list[Lines]:
    """All of a dialect, in the order in which they are needed."""
    known = BY_DIALECT.get(dialect, ())
    others = (TWILIO_URL,) if known is TWILIO and not fill.signed else ()
    return [lines._replace(text=_filled(lines.text, fill)) for lines in (*known, *others)]


def gateway_url(dialect: str, base: str, name: str) -> str:
    return f"{base}/gateway/{dialect}/{name}/"


def _filled(text: str, fill: Fill) -> str:
    values = {
        "@TLS@": TLS if fill.base.startswith("wss://") else NO_TLS,
        "@SECRET@": "" if fill.signed else f"{fill.password}/",
        "@BASE@": fill.base,
        "@NAME@": fill.name,
        "@PASSWORD@": fill.password,
        "@CREDENTIALS@": fill.credentials,
    }
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text
