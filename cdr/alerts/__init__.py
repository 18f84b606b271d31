"""Alerts: rules are looked at by a worker, what they find becomes alerts, and what becomes of these is told.

A round (`rounds`) claims the rules that are due, asks `measures` for their figures, and has `transitions` write what follows; `gathering`
makes messages of what is to be told, and `sending` sends them. Beat only says when to look: the rows say what is due."""
