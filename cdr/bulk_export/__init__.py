"""All calls, or all streams, of a period into a file for other programs, however many there are (`manage.py export_cdr`): in bounded
memory, and one that was cut goes on where it was.

`asked` is what is exported, `forms` how it is written, `running` goes from row to row, `mark` keeps on disk how far it is."""
