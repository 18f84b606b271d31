"""Files that are written on this machine and kept in a storage of Django's under a name that is theirs alone.

Owns the folders of what is being written, and that no file is kept under another name. Must not know what is in one."""

from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage


def work_folder(name: str) -> Path:
    """In DATA_DIR, for its owner alone: whatever is in it when nobody writes is of nobody."""
    folder = Path(settings.DATA_DIR) / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def store_as(storage: Storage, name: str, path: Path) -> None:
    """Copies the file into the storage. Raises OSError where another has the name, and whatever the storage does."""
    with path.open("rb") as file:
        kept_as = storage.save(name, File(file))
    if kept_as != name:
        storage.delete(kept_as)
        raise OSError(f"there is a file of the name {name} already")
