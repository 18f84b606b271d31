"""Alerts as rules: what may be watched, when something is over its threshold and when it is over again, in words and as messages."""
