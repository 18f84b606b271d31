"""What the console's lists share: pages of records, search, saved filters, exports, the page that asks before an act.

Must not know the admins. Only `narrowing` and `search` know calls, streams and callbacks."""
