"""The first two people of an installation: an administrator, and a support user who may look but not touch.

Owns what the Support group may do. Must not know where their passwords are kept."""

from django.contrib.auth.models import Group, Permission, User

ADMINISTRATOR, SUPPORT = "admin", "support"
SUPPORT_GROUP = "Support"
READABLE_APPS = ("streams", "cdr")


def create(admin_password: str, support_password: str) -> bool:
    """Makes both where there is no user at all; says whether it did."""
    if User.objects.exists():
        return False
    User.objects.create_superuser(ADMINISTRATOR, password=admin_password)
    support = User.objects.create_user(SUPPORT, password=support_password, is_staff=True)
    support.groups.add(support_group())
    return True


def support_group() -> Group:
    """View permissions of the tenants and the CDR, and nothing else."""
    group, _ = Group.objects.get_or_create(name=SUPPORT_GROUP)
    group.permissions.set(Permission.objects.filter(content_type__app_label__in=READABLE_APPS, codename__startswith="view_"))
    return group


def still_has(username: str, password: str) -> bool:
    """True while the user logs in with this password."""
    user = User.objects.filter(username=username, is_active=True).first()
    return user is not None and user.check_password(password)
