"""What the console's lists share: pages of records, filters, search, saved filters, exports, the page that asks before an act.

Must not know which records there are."""
