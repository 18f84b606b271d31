"""Audio as bytes: G.711, G.722 and L16, sample rates, tones.

`convert` is what everybody else uses. Must not know calls, customers or gateways."""
