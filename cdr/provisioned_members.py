"""Who is at the desk of an account, as a provisioning file says it: users that there are, by name or by mail address, and as what.

Owns what is wrong with such an entry. Nobody is taken away by a file. How somebody is taken in is cdr.members'; the file's shape is
streams.pure.provision_file's."""

from typing import Any

from django.contrib.auth.models import User

from cdr import members
from cdr.audit import Actor
from cdr.member_rows import Role
from streams.models import Account
from streams.provision import Plan
from streams.pure.provision_file import AccountEntry, FileEntry, at
from streams.rate_plans import Change

ROLES = (Role.VIEWER.value, Role.MANAGER.value)
HOW_ELSE = "Add the user first, or invite them by mail: Members, on the account's page."


def plan_members(account: Account, entry: AccountEntry, plan: Plan, by: Actor) -> None:
    """Adds to the plan what is wrong, and what is done once the account is saved."""
    places: dict[int, str] = {}
    found: list[tuple[User, str]] = []
    for item in entry.members:
        role = item.values.get("role", "")
        if role and role not in ROLES:
            plan.problem(at(item.place, "role"), f"is {role!r}; it has to be {' or '.join(ROLES)}.")
        user = _user_of(item, plan)
        if user is None:
            continue
        if user.pk in places:
            plan.problem(item.place, f"is the user {user} again, who stands at {places[user.pk]}.")
        places.setdefault(user.pk, item.place)
        found.append((user, role))
    plan.afterwards.append(lambda: [_take_in(user, account, role, by) for user, role in found])


def _user_of(item: FileEntry, plan: Plan) -> User | None:
    given = [key for key in ("username", "email") if item.values.get(key)]
    if len(given) != 1:
        plan.problem(item.place, "has to name a user, by username or by email, and by one of them.")
        return None
    key, value = given[0], item.values[given[0]]
    users = list(User.objects.filter(**({"username": value} if key == "username" else {"email__iexact": value})).order_by("pk")[:2])
    if not users:
        plan.problem(at(item.place, key), f"{value!r} is no user's. {HOW_ELSE}")
    elif len(users) > 1:
        plan.problem(at(item.place, key), f"{value!r} is that of several users. Write the username of the one who is meant.")
    return users[0] if len(users) == 1 else None


def _take_in(user: User, account: Account, role: str, by: Actor) -> Change:
    """In the audit log by itself: so the change names no row."""
    was: Any = members.take_in(user, account, role, by)
    action = "left" if was == role else "changed" if was else "created"
    return Change(action, f"member {account.name}: {user}", ("role",) if action == "changed" else ())
