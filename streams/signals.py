"""The one signal of `streams`: a stream has ended. Sent inside the transaction that ends it, so that what listens is part of it."""

from django.dispatch import Signal

stream_ended = Signal()
"""Arguments: `streams`, the rows of those that ended together, in their ended state; most often one. A receiver that raises undoes the
end."""
