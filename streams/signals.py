"""The signals of `streams`, each sent inside the transaction of what it tells, so that what listens is part of it."""

from django.dispatch import Signal

stream_ended = Signal()
"""Arguments: `streams`, the rows of those that ended together, in their ended state; most often one. A receiver that raises undoes the
end."""

calls_ended = Signal()
"""Arguments: `calls`, the rows of those that ended together, in their ended state."""

tries_ended = Signal()
"""Arguments: `attempts`, the rows of the tries at callbacks whose outcome was written together."""

account_planned = Signal()
"""An account of a provisioning file was read, and nothing is saved yet. Arguments: `account`, its row as it will be; `entry`, what the file
says; `plan`, which is told problems, and what has to be done once all rows are saved (streams.provision.Plan)."""

provisioned = Signal()
"""A provisioning file was applied. Arguments: `changes`, what it created and changed (streams.rate_plans.Change)."""
