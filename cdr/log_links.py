"""Links to one stream's debug log for people without a login: made, revoked, read, counted, forgotten.

A link is its row's key and a signature (Django's, by SECRET_KEY) over the key and all that the row says it may show and until when:
neither a changed address nor a changed row shows more. The signature is kept nowhere. A link works for as long as whoever made it might
make it now. Owns those rules. Must not know requests or pages."""

import json
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from cdr import audit
from cdr.audit import Actor
from cdr.models import LogLink
from cdr.pages.log.subject import DebugLog, for_outside, in_brief, stream_log
from cdr.pure.acts import PERMISSIONS, Act
from cdr.pure.figures import moment
from streams.database_clock import database_now
from streams.models import Stream

MAY_SHARE, MAY_SEE_STREAMS, MAY_SEE_NUMBERS = PERMISSIONS[Act.SHARE_LOG].name, "cdr.view_streamdetail", "cdr.see_numbers"
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=30)
MOST_AT_ONCE = 20
"""Links of one stream that work."""
KEY_BYTES = 9
SITTING = timedelta(minutes=30)
"""So long after an opening what its page asks for belongs to it."""
KEPT = timedelta(days=30)
"""After the end of a link its row stays in the list for so long."""

_ADDRESS = re.compile(r"([A-Za-z0-9_-]{12})/([A-Za-z0-9_-]{43})/?")


class NotShared(Exception):
    """Why no link was made, in a sentence."""


class LinkTerms(NamedTuple):
    """What is asked for: for how long, for whom, and what it shows."""

    lasts: timedelta
    made_for: str
    whole_numbers: bool
    with_details: bool


class SharedLog(NamedTuple):
    """What a link that works leads to. `whole_numbers`: as the link says, and its maker may still."""

    link: LogLink
    whole_numbers: bool

    def find(self) -> DebugLog | None:
        log = stream_log(str(self.link.stream_id))
        if log is None:
            return None
        return for_outside(log) if self.link.with_details else in_brief(for_outside(log))


# Made and revoked ----------------------------------------------------------------------------------------------------
def make_link(stream: Stream, terms: LinkTerms, user: Any, actor: Actor, mark: str = "") -> str:
    """The working link, `key/signature`, which is told now or never. With the same mark, and all else as it was, it is the same link again,
    and none is made. Raises NotShared."""
    if not SHORTEST <= terms.lasts <= LONGEST:
        raise NotShared("A link works for 1 hour at least, and for 30 days at most.")
    if terms.whole_numbers and not user.has_perm(MAY_SEE_NUMBERS):
        raise NotShared("You see numbers masked: a link of yours shows them so, too.")
    now, key = database_now(), _key_of(stream, terms, user, mark) if mark else secrets.token_urlsafe(KEY_BYTES)
    with transaction.atomic():
        get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)  # one person's clicks, one after another
        if there := LogLink.objects.filter(key=key).first():
            if there.revoked_at or there.expires_at <= now:
                raise NotShared("The link that was made of this form works no more. Open the form anew for another one.")
            return _text_of(there)
        if LogLink.objects.filter(stream=stream, revoked_at=None, expires_at__gt=now).count() >= MOST_AT_ONCE:
            raise NotShared(f"{MOST_AT_ONCE} links to this log work already. Revoke one first.")
        link = LogLink.objects.create(
            key=key,
            stream=stream,
            owner=user,
            made_by=actor.name,
            made_for=terms.made_for,
            created_at=now,
            expires_at=now + terms.lasts,
            whole_numbers=terms.whole_numbers,
            with_details=terms.with_details,
        )
        audit.write(actor, Act.SHARE_LOG, stream, **_told(link))
    return _text_of(link)


def _key_of(stream: Stream, terms: LinkTerms, user: Any, mark: str) -> str:
    """Which nobody can tell who has no SECRET_KEY, whoever chose the mark."""
    digest = salted_hmac("cdr.log_links.mark", json.dumps([user.pk, stream.pk, *map(str, terms), mark]), algorithm="sha256").digest()
    return urlsafe_b64encode(digest[:KEY_BYTES]).decode()


def _text_of(link: LogLink) -> str:
    return f"{link.key}/{_signer().signature(_signed(link))}"


def revoke_link(link: LogLink, actor: Actor) -> bool:
    """False when it had ended, or was revoked, already."""
    now = database_now()
    with transaction.atomic():
        working = LogLink.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=now)
        if not working.update(revoked_at=now, revoked_by=actor.name):
            return False
        audit.write(actor, Act.REVOKE_LOG_LINK, link.stream, link=link.pk, made_by=link.made_by)
    return True


def _told(link: LogLink) -> dict[str, object]:
    """For the audit log: never its key."""
    shows = {"numbers": "whole" if link.whole_numbers else "masked", "details": "shown" if link.with_details else "left out"}
    named = {"for": link.made_for} if link.made_for else {}
    return {"link": link.pk, "until": f"{moment(link.expires_at)} UTC", **shows, **named}


# Read ----------------------------------------------------------------------------------------------------------------
def working_link(text: str) -> SharedLog | None:
    """What `key/signature` leads to now; None for all that leads nowhere. Strangers ask by cdr.link_limits."""
    read = _ADDRESS.fullmatch(text)
    if read is None:
        return None
    link = LogLink.objects.filter(key=read[1]).first()
    if link is None or not _is_signed(link, read[2]) or link.revoked_at or link.expires_at <= database_now():
        return None
    makers = get_user_model().objects.filter(is_active=True, is_staff=True)
    maker = makers.filter(pk=link.owner_id).first() if link.owner_id else None
    if maker is None or not maker.has_perms([MAY_SHARE, MAY_SEE_STREAMS]):
        return None
    return SharedLog(link, link.whole_numbers and maker.has_perm(MAY_SEE_NUMBERS))


def note_opening(link: LogLink, *, within: bool) -> None:
    """`within`: an open page asks for more, which is no opening unless the last one is long ago."""
    now = database_now()
    rows = LogLink.objects.filter(pk=link.pk)
    if within:
        rows = rows.filter(Q(last_opened_at=None) | Q(last_opened_at__lt=now - SITTING))
    rows.update(opened=F("opened") + 1, last_opened_at=now)


def _is_signed(link: LogLink, signature: str) -> bool:
    try:
        _signer().unsign(f"{_signed(link)}:{signature}")
    except BadSignature:
        return False
    return True


def _signer() -> Signer:
    """Made each time: a key that is replaced counts at once."""
    return Signer(salt="cdr.log_links", sep=":")


def _signed(link: LogLink) -> str:
    shows = f"{link.whole_numbers:d}{link.with_details:d}"
    return f"{link.key}|{link.stream_id}|{link.owner_id}|{shows}|{round(link.expires_at.timestamp() * 1_000_000)}"


# Forgotten -----------------------------------------------------------------------------------------------------------
def forget_ended() -> int:
    """Removes the rows of those that ended long ago; the audit log keeps that they were there."""
    before = database_now() - KEPT
    return int(LogLink.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).delete()[0])
