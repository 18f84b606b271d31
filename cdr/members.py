"""Who is at the desk of an account: taken in, given another role, taken away; each in the audit log, in one transaction.

What a member sees is cdr.desk_scope's. Must not know requests or pages."""

from typing import Any

from django.db import transaction

from cdr import audit
from cdr.audit import Actor
from cdr.member_rows import Membership, Role
from cdr.pure.acts import Act
from streams.models import Account


def take_in(user: Any, account: Account, role: str, actor: Actor) -> str:
    """Also who is there already, as something else. Returns what he was before, "" for nothing."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)  # two clicks, one after another
        before = Membership.objects.filter(user=user, account=account).first()
        was = before.role if before else ""
        if was != role:
            Membership.objects.update_or_create(
                user=user, account=account, defaults={"role": Role(role)}, create_defaults={"role": Role(role), "created_by": actor.name}
            )
            audit.write(actor, Act.ADD_MEMBER, account, member=user.get_username(), role=[was, role] if was else role)
    return was


def take_away(member: Membership, actor: Actor) -> bool:
    """From then on no page of the desk and no open log shows him anything of the account. False when he had gone already."""
    with transaction.atomic():
        if not Membership.objects.filter(pk=member.pk).delete()[0]:
            return False
        audit.write(actor, Act.REMOVE_MEMBER, member.account, member=member.user.get_username(), role=member.role)
    return True
