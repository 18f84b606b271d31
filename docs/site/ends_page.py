"""Why streams and calls end, and why gateways are not let in: each reason, cause and code that is stored or sent.

Owns nothing of them; they are the enumerations and tables of streams.pure."""

from docs.site.markdown import code, page, plain, section, table
from streams.pure import lifecycle
from streams.pure.customer.close_codes import OURS
from streams.pure.gateway.refusal import Reason
from streams.pure.lifecycle import ENDINGS, CallbackEvent, EndCause, HangupCause, HangupReason


def hangup_causes() -> list[HangupCause]:
    """Each that lifecycle names, by its code."""
    return sorted({value for value in vars(lifecycle).values() if isinstance(value, HangupCause)})


def render() -> str:
    return page(
        "Ends, causes, codes",
        "What the [debug log](events.md), the API, callbacks and the figures call the ways in which something ends.",
        section("Streams", *of_streams()),
        section("Calls", *of_calls()),
        section("Gateways", *of_gateways()),
    )


def of_streams() -> list[str]:
    causes = []
    for cause in EndCause:
        reason, callback, error = ENDINGS[cause]
        causes.append((code(cause), reason.value, code(callback), plain(error or "none")))
    return [
        f"A stream ends with one of {len(HangupReason)} hangup reasons, behind which stands the precise cause; which callback tells the\n"
        "customer, and the `Error` in it, follow from that.\n",
        table(("cause", "hangup reason", "callback", "its `Error`"), causes),
        f"The callbacks that there are: {', '.join(code(event) for event in CallbackEvent)}\n"
        "([how they are sent](../streaming.md#status-callbacks)).\n",
    ]


def of_calls() -> list[str]:
    rows = ((str(cause.code), plain(cause.name), plain(cause.source)) for cause in hangup_causes())
    return [
        "Hangup causes that the platform sets, in Plivo's numbers. A gateway may bring others, which are kept as they come.\n",
        table(("code", "name", "who ended it"), rows),
    ]


def of_gateways() -> list[str]:
    codes = ((str(number), plain(words)) for number, words in OURS.items())
    return [
        "Close codes of a gateway's socket that was closed by the platform:\n",
        table(("code", "meaning"), codes),
        "Reasons for which a gateway is refused, on its page under *Refused attempts* (with a sentence each) and in\n"
        "`streamdesk_gateways_refused_total`:\n",
        table(("reason", "when"), ((code(reason), plain(REFUSED[reason])) for reason in Reason)),
    ]


REFUSED: dict[Reason, str] = {
    Reason.UNKNOWN_GATEWAY: "no gateway of that name",
    Reason.WRONG_PASSWORD: "the gateway's password is another one",
    Reason.TOO_MANY_GUESSES: "too many failed tries from there: it waits before the next one counts",
    Reason.NO_SIGNATURE: "the gateway signs, and the upgrade has no signature",
    Reason.WRONG_SIGNATURE: "the signature is not made with the gateway's signing token, or of another address",
    Reason.WRONG_DIALECT: "the gateway speaks another dialect than the address says",
    Reason.NO_SUCH_PATH: "the address is none of /gateway/DIALECT/NAME/",
    Reason.NO_TLS: "it came without TLS where that is not allowed (HTTPS, PLAIN_ALLOW)",
    Reason.STOPPING: "the process is being stopped",
    Reason.NOT_LOADED: "the process does not know its gateways yet: the database is away",
    Reason.UNSUPPORTED_MEDIA: "media that is not spoken here",
    Reason.NO_MEDIA: "it connected and began no media",
    Reason.CALL_LIVE: "a call with that call_uuid is live",
    Reason.CALL_USED: "a call with that call_uuid was there before",
    Reason.TOO_MANY_CALLS: "the account or the gateway has as many calls as it may have at once",
    Reason.UNLISTED: "more attempts than are listed one by one; only counted",
}
"""In few words; the sentence of an attempt says more."""
