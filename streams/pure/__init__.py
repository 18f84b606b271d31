"""The rules that can be reasoned about with no machine running: no Django, no asyncio, no clock, no settings."""
