"""The gateways' wires: what each dialect's text and bytes mean, and what else is known of gateways by rules alone.

`dialects` is the door to the wires. Nothing is imported here: who asks why a gateway was refused needs no audio."""
