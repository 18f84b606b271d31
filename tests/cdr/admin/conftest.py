"""The people who use the console."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from cdr import roles


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def person(name: str, role: str, password: str | None = None) -> User:
    """Staff in one of the groups that an installation begins with."""
    roles.make_roles(apps)
    user = User.objects.create_user(name, password=password, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def administrator(db) -> Client:
    return signed_in(User.objects.create_superuser("admin"))


@pytest.fixture
def support(db) -> Client:
    """May look at everything of the platform but whole numbers, and touch nothing."""
    return signed_in(person("support", roles.SUPPORT))


@pytest.fixture
def operator(db) -> Client:
    """Sees what support sees, and whole numbers; may act on what is live and on callbacks."""
    return signed_in(person("maria", roles.OPERATOR))


@pytest.fixture
def stranger(db) -> Client:
    """Staff without any permission."""
    return signed_in(User.objects.create_user("stranger", is_staff=True))
