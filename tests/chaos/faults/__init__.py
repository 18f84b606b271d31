"""Every fault that is injected: by what it harms."""
