"""How a conversation between a caller and a customer's bot went: who spoke when, how soon the bot answered, who interrupted whom.

(audio, times) -> figures. Every time is a number of milliseconds on the caller's clock; no socket, no clock, no stream."""
