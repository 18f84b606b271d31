"""What customers may ask for and what their services say: the answer's XML, a stream's parameters, the WebSocket protocol, close codes.

Must not know gateways and their dialects, sockets or rows."""
