"""What others hear of `streams`: a stream has ended, a row was provisioned. Sent inside the transaction that does it, so that what listens
is part of it."""

from django.dispatch import Signal

stream_ended = Signal()
"""Arguments: `streams`, the rows of those that ended together, in their ended state; most often one. A receiver that raises undoes the
end."""

provisioned = Signal()
"""Arguments: `row`, an account, application or gateway that a provisioning file made or changed, `is_new`, and `keys`, what it changed."""
