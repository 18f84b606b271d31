"""What it means, costs and looks like: charges, the operators' console. Reads `streams`; `streams` has never heard of it."""
