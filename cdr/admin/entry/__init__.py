"""The doors of the console: signing in, its second step, one's own second factor, and who a visitor is."""
