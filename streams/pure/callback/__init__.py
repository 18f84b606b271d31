"""What a status callback (and the request for an answer) consists of: parameters, form, signature, and when it is tried again.

Must not know HTTP, rows or sockets."""
