"""The first two people of an installation: an administrator, and a support user who may look but not touch.

Owns their names. Must not know where their passwords are kept; what a group may do is cdr.roles'."""

from django.apps import apps
from django.contrib.auth.models import Group, User

from cdr import roles

ADMINISTRATOR, SUPPORT = "admin", "support"


def create(admin_password: str, support_password: str) -> bool:
    """Makes both where there is no user at all; says whether it did."""
    if User.objects.exists():
        return False
    User.objects.create_superuser(ADMINISTRATOR, password=admin_password)
    support = User.objects.create_user(SUPPORT, password=support_password, is_staff=True)
    support.groups.add(support_group())
    return True


def support_group() -> Group:
    """The Support group; made anew where somebody has removed it."""
    roles.make_roles(apps)
    return Group.objects.get(name=roles.SUPPORT)


def still_has(username: str, password: str) -> bool:
    """True while the user logs in with this password."""
    user = User.objects.filter(username=username, is_active=True).first()
    return user is not None and user.check_password(password)
