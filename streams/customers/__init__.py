"""The sockets to customers' services: dialled through the guard, written without waiting, measured, tested.

Must not know gateways, rows or Django; which stream is served is said by the session."""
