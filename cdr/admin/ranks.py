"""Nobody grants more than he has: who of the staff stands above whom, and which permissions and groups somebody may give.

Owns that rule. Must not know forms or pages."""

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet


def grantable_permissions(actor: Any) -> QuerySet[Permission]:
    """Those that he has himself; of a superuser all."""
    return Permission.objects.all() if actor.is_superuser else Permission.objects.filter(pk__in=_held_by(actor))


def grantable_groups(actor: Any) -> QuerySet[Group]:
    """Those that hold nothing but what he has himself."""
    if actor.is_superuser:
        return Group.objects.all()
    return Group.objects.exclude(permissions__in=Permission.objects.exclude(pk__in=_held_by(actor)))


def above(actor: Any, target: Any) -> bool:
    """Whether a user may do something that the actor may not, or a group lets its members: to him it is read-only."""
    if actor.is_superuser:
        return False
    if isinstance(target, User) and target.is_superuser:
        return True
    held = Permission.objects.filter(_of(target) if isinstance(target, User) else Q(group=target.pk))
    return held.exclude(pk__in=_held_by(actor)).exists()


def _held_by(user: Any) -> QuerySet[Permission, Any]:
    return Permission.objects.filter(_of(user)).values("pk")


def _of(user: Any) -> Q:
    """Also of somebody who is not active: he may be made so again. (Django's own answer is that he has none.)"""
    return Q(user=user.pk) | Q(group__user=user.pk)
