"""Where exports and recordings are kept: a folder of DATA_DIR, or whatever storage for Django the operator names.

Owns the settings' words. Must not know what is kept there."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

FOLDER = "django.core.files.storage.FileSystemStorage"


def entry(name: str, backend: str, options_text: str, folder: Path) -> dict[str, Any]:
    """As Django's STORAGES has it: the folder, where the setting of this name has no `backend`. Raises ImproperlyConfigured."""
    options = _options(f"{name}_OPTIONS", options_text)
    if not backend:
        if options:
            raise ImproperlyConfigured(f"{name}_OPTIONS is set and {name} is not: name the storage they are for.")
        private = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": FOLDER, "OPTIONS": {"location": folder, **private}}
    library = backend.partition(".")[0]
    if not find_spec(library):  # not imported: storages read the settings, which are being read just now
        raise ImproperlyConfigured(f"{name}={backend}: there is no {library} here. Install what it is in, such as django-storages[s3].")
    return {"BACKEND": backend, "OPTIONS": options}


def _options(name: str, text: str) -> dict[str, Any]:
    try:
        options = json.loads(text or "{}")
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is no JSON: {error}.") from error
    if not isinstance(options, dict):
        raise ImproperlyConfigured(f'{name} has to be a JSON object such as {{"bucket_name": "calls"}}.')
    return options
