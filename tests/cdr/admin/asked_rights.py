"""What a page asked about the person who opened it: whoever has the same rights in all of that is answered the same, and is not asked for.

Owns what is noted of a request: permissions, being a superuser, groups. Must not know which pages there are, or what is right. A page that
decides by anything else of a person (a name) decides here for the first who came."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User

Question = tuple[Any, ...]
Rights = dict[Question, object]
"""Each question that was asked, and what the person's rights answered."""

CALLED = ("has_perm", "has_module_perms", "get_all_permissions", "get_user_permissions", "get_group_permissions")
LOOKED_AT = ("is_superuser", "groups", "user_permissions")


def reply(user: User, question: Question) -> object:
    name, *given = question
    if name in CALLED:
        return getattr(user, name)(*given)
    return user.is_superuser if name == "is_superuser" else set(getattr(user, name).values_list("pk", flat=True))


def has(user: User, rights: Rights) -> bool:
    return all(reply(user, question) == answer for question, answer in rights.items())


@contextmanager
def noted(user: User) -> Iterator[Rights]:
    """What is asked of anybody meanwhile is what is asked of this user."""
    asked: dict[Question, None] = {}
    rights: Rights = {}
    answering = [False]

    def note(question: Question, answered: Callable[[], Any]) -> Any:
        """What a question itself asks, to be answered, is not noted."""
        if answering[0]:
            return answered()
        asked[question], answering[0] = None, True
        try:
            return answered()
        finally:
            answering[0] = False

    def called(name: str) -> Callable[..., Any]:
        answer = getattr(User, name)
        return lambda self, *given: note((name, *given), lambda: answer(self, *given))

    def looked_at(name: str) -> property:
        column = User.__dict__[name] if name in User.__dict__ else getattr(User, name)

        def found(self: User) -> Any:
            return self.__dict__[name] if name in self.__dict__ else column.__get__(self, User)

        return property(lambda self: note((name,), lambda: found(self)), lambda self, value: self.__dict__.__setitem__(name, value))

    with pytest.MonkeyPatch.context() as patches:  # of a page each: mock's take ten times as long
        for name in CALLED:
            patches.setattr(User, name, called(name))
        for name in LOOKED_AT:
            patches.setattr(User, name, looked_at(name))
        yield rights
    rights.update({question: reply(user, question) for question in asked})
