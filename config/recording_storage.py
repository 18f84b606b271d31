"""Where recordings are kept: a folder of DATA_DIR, or whatever storage for Django the operator names.

Owns the settings' words. Must not know what is kept there."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

FOLDER = "django.core.files.storage.FileSystemStorage"


def entry(env: Environment, data_dir: Path) -> dict[str, Any]:
    """As Django's STORAGES has it."""
    backend = env.text("RECORDINGS_STORAGE")
    options = _options(env.text("RECORDINGS_STORAGE_OPTIONS"))
    if not backend:
        if options:
            raise ImproperlyConfigured("RECORDINGS_STORAGE_OPTIONS is set and RECORDINGS_STORAGE is not: name the storage they are for.")
        private = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": FOLDER, "OPTIONS": {"location": data_dir / "recordings", **private}}
    library = backend.partition(".")[0]
    if not find_spec(library):  # not imported: storages read the settings, which are being read just now
        raise ImproperlyConfigured(
            f"RECORDINGS_STORAGE={backend}: there is no {library} here. Install what it is in, such as django-storages[s3]."
        )
    return {"BACKEND": backend, "OPTIONS": options}


def _options(text: str) -> dict[str, Any]:
    try:
        options = json.loads(text or "{}")
    except ValueError as error:
        raise ImproperlyConfigured(f"RECORDINGS_STORAGE_OPTIONS is no JSON: {error}.") from error
    if not isinstance(options, dict):
        raise ImproperlyConfigured('RECORDINGS_STORAGE_OPTIONS has to be a JSON object such as {"bucket_name": "calls"}.')
    return options
