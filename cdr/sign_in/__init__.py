"""Signing in to the console: what too many failures lock, and the second factor. Must not know pages."""
