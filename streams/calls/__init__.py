"""The live calls of this process: each run by a `relay` between its gateway and its customers, all of them kept by the `switchboard`.

`note_queue` is the way to the journal. Nothing here waits for the database, Redis or a thread while a call has audio."""
