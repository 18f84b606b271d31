"""The Chromium of this machine, for the tests that drive one: None where there is none."""

import shutil

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
