"""The REST API that customers' SDKs speak, under /v1/: calls and their streams, in the forms of Plivo's voice API.

`v1` puts it together. Must not know the console, nor how a live call is run: it asks by rows (streams.control)."""
