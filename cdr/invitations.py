"""Invitations to the desk of an account: made by a manager or by staff, mailed by a worker, accepted once.

A link is its row's key and a signature (Django's, by SECRET_KEY) over all that the row says: a changed row opens nothing. It works for as
long as whoever invited may still do so. Nothing is looked up by an address: so nothing tells whether one is known. Owns those
rules. Must not know requests or pages."""

import logging
import re
import secrets
import smtplib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import QuerySet

from cdr import audit, members
from cdr.audit import Actor
from cdr.desk_scope import scope_of
from cdr.invitation_rows import Invitation
from cdr.member_rows import Membership, Role
from cdr.pure.acts import Act
from streams import jobs
from streams.database_clock import database_now
from streams.models import Account
from streams.pure.foreign_text import cleaned
from streams.shares import Shares

log = logging.getLogger(__name__)

MAY_CHANGE_MEMBERS = "cdr.change_members"
LASTS = timedelta(days=7)
KEPT = timedelta(days=30)
MOST_OPEN = 20
MOST_A_DAY = 50
"""Of an account, whatever became of them: each is a mail of the operator's server to whomever somebody named."""
MAILS = Shares("invitations", places=4, each=1)
CLAIMED_FOR = timedelta(seconds=60)
"""Longer than any mail takes."""
NOT_MAILED = "The mail server did not take it; the log of the worker says why."
_LINK = re.compile(r"([A-Za-z0-9_-]{12})/([A-Za-z0-9_-]{43})/?")


class NotInvited(Exception):
    """Why nobody was invited, in a sentence."""


# Made -----------------------------------------------------------------------------------------------------------------
def invite(account: Account, email: str, role: str, *, owner: Any, origin: str, actor: Actor) -> Invitation:
    """Ask before whether `owner` may. Raises NotInvited."""
    now = database_now()
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)  # two clicks, one after another
        if open_invitations(account).count() >= MOST_OPEN:
            raise NotInvited(f"{MOST_OPEN} invitations of this account wait to be accepted. Revoke one first.")
        if Invitation.objects.filter(account=account, created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
            raise NotInvited(f"{MOST_A_DAY} people were invited for this account within a day, which is as many as may be. Go on tomorrow.")
        made = Invitation.objects.create(
            key=secrets.token_urlsafe(9),
            account=account,
            owner=owner,
            email=email,
            role=role,
            origin=origin,
            created_at=now,
            expires_at=now + LASTS,
        )
        audit.write(actor, Act.INVITE_MEMBER, account, email=email, role=role)
    return made


def open_invitations(account: Account) -> Any:
    return Invitation.objects.filter(account=account, used_at=None, revoked_at=None, expires_at__gt=database_now())


def revoke_invitation(invitation: Invitation, actor: Actor) -> bool:
    """False when it was accepted, revoked or over already."""
    with transaction.atomic():
        if not open_invitations(invitation.account).filter(pk=invitation.pk).update(revoked_at=database_now()):
            return False
        audit.write(actor, Act.REVOKE_INVITATION, invitation.account, email=invitation.email)
    return True


# Accepted -------------------------------------------------------------------------------------------------------------
def working_invitation(text: str) -> Invitation | None:
    """What `key/signature` leads to now; None for all that leads nowhere."""
    read = _LINK.fullmatch(text)
    found = Invitation.objects.filter(key=read[1]).select_related("account", "owner").first() if read else None
    if found is None or read is None or not _is_signed(found, read[2]):
        return None
    return found if _may_invite(found.owner, found.account) and open_invitations(found.account).filter(pk=found.pk).exists() else None


def _may_invite(owner: Any, account: Account) -> bool:
    """Still: a manager of it, or staff who add members."""
    scope = scope_of(owner)
    return (scope is not None and scope.manages(account.pk)) or (owner.is_active and owner.is_staff and owner.has_perm(MAY_CHANGE_MEMBERS))


def accept(invitation: Invitation, user: Any, actor: Actor) -> bool:
    """Once; False for whoever comes second. Nobody becomes less than he is."""
    with transaction.atomic():
        used = {"used_at": database_now(), "used_by": user.get_username()}
        if not open_invitations(invitation.account).filter(pk=invitation.pk).update(**used):
            return False
        if not Membership.objects.filter(user=user, account=invitation.account, role=Role.MANAGER).exists():
            members.take_in(user, invitation.account, invitation.role, actor)
        audit.write(actor, Act.ACCEPT_INVITATION, invitation.account, email=invitation.email, invited_by=invitation.owner.get_username())
    return True


def link_of(invitation: Invitation) -> str:
    return f"{invitation.origin}/invitation/{invitation.key}/{_signer().signature(_signed(invitation))}/"


def _is_signed(invitation: Invitation, signature: str) -> bool:
    try:
        _signer().unsign(f"{_signed(invitation)}:{signature}")
    except BadSignature:
        return False
    return True


def _signer() -> Signer:
    return Signer(salt="cdr.invitations", sep=":")


def _signed(row: Invitation) -> str:
    return f"{row.key}|{row.account_id}|{row.owner_id}|{row.role}|{row.email}|{round(row.expires_at.timestamp() * 1_000_000)}"


# Mailed ---------------------------------------------------------------------------------------------------------------
def mail_is_due(now: datetime) -> bool:
    """Whether a worker should send one now."""
    return jobs.next_free(_in_order(), now, MAILS, whose="account_id") is not None


def mail_next() -> bool:
    """Sends the one that waits longest; False when none does."""
    job = jobs.claim_next(_in_order(), CLAIMED_FOR, MAILS, whose="account_id")
    if job is None:
        return False
    jobs.finish(job, problem=_mailed(job))
    return True


def _in_order() -> QuerySet[Invitation]:
    return Invitation.objects.select_related("account").order_by("pk")


def _mailed(invitation: Invitation) -> str:
    """Why it was not, or ""."""
    mail = settings.MAIL
    if not mail.backend:
        return "No mail server is set (EMAIL_URL)."
    words = (
        f"You are invited to the desk of {cleaned(invitation.account.name)} at {invitation.origin}: its calls, streams and debug logs.\n\n"
        f"{link_of(invitation)}\n\n"
        f"The link works once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC. If you do not know what this is, leave it alone.\n"
    )
    subject = f"An invitation to the desk of {cleaned(invitation.account.name)}"
    server = get_connection(mail.backend, fail_silently=False, **mail.options)
    try:
        EmailMessage(
            subject, words, mail.sender, [invitation.email], headers={"Auto-Submitted": "auto-generated"}, connection=server
        ).send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        log.warning("An invitation was not mailed: %s: %s", type(error).__name__, error)
        return NOT_MAILED
    return ""


def forget_old() -> int:
    return int(Invitation.objects.filter(expires_at__lt=database_now() - KEPT).delete()[0])
