"""The listening process: Daphne as we run it, and what one connection may cost it. Must not know Django, or what is served."""
