"""The filters above the console's lists: what each means in rows, in a file for each list that has some of its own.

To add one: write its class, as its neighbours are written, where its list is; name it in the `list_filter` of the list's admin, or in the
tuple of calls' and streams'; and say in tests/cdr/admin/filters/rows.py which row it finds and which it leaves out. `kinds` has what it is
made of: a choice, a text, a period. Must not know how lists find their pages."""
