"""The people who use the console."""

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.test import Client

from cdr import roles
from cdr.sign_in.second_factor import Backend
from cdr.sign_in.sessions import SessionStore, note_sign_in


def signed_in(user: User) -> Client:
    """With the session that signing in leaves (which `entry` tries), written once: signing in saves it four times."""
    client, request = Client(), HttpRequest()
    request.session = session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = f"{Backend.__module__}.{Backend.__qualname__}"
    note_sign_in(None, request, user)
    session.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


def person(name: str, role: str, password: str | None = None) -> User:
    """Staff in one of the groups that an installation begins with."""
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
