"""The people who use the console."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from config.first_users import support_group


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def administrator(db) -> Client:
    return signed_in(User.objects.create_superuser("admin"))


@pytest.fixture
def support(db) -> Client:
    """May look at everything of the platform, and touch nothing."""
    user = User.objects.create_user("support", is_staff=True)
    user.groups.add(support_group())
    return signed_in(user)


@pytest.fixture
def operator(db) -> Client:
    """Support that may stop streams, too."""
    user = User.objects.create_user("maria", is_staff=True)
    user.groups.add(support_group())
    user.user_permissions.add(Permission.objects.get(codename="stop_stream"))
    return signed_in(user)


@pytest.fixture
def stranger(db) -> Client:
    """Staff without any permission."""
    return signed_in(User.objects.create_user("stranger", is_staff=True))
