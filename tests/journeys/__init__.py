"""A package, so that what its fixtures share is closed after the last journey: idle processes take CPU for as long as they are there."""
