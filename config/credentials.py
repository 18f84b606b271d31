"""The passwords of a trial installation: made at the first start, kept in DATA_DIR/credentials.txt for its owner to read.

Owns that file. Must not know the rows they open."""

import secrets
from pathlib import Path

from streams.models.tenants import new_auth_id, new_auth_token

FILE_NAME = "credentials.txt"
HEAD = "# Made at the first start. The console asks for these; changing them here changes nothing there.\n"
MAKERS = {
    "admin_password": lambda: secrets.token_urlsafe(12),
    "support_password": lambda: secrets.token_urlsafe(12),
    "demo_gateway_password": lambda: secrets.token_urlsafe(24),
    "demo_auth_id": new_auth_id,
    "demo_auth_token": new_auth_token,
}


def load(folder: Path) -> dict[str, str]:
    """Every credential by name; what the file lacks is made and written. The file is readable by its owner only."""
    file = folder / FILE_NAME
    lines = file.read_text().splitlines() if file.exists() else []
    known = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    credentials = {name: known.get(name) or make() for name, make in MAKERS.items()}
    if credentials != known:
        file.touch(mode=0o600)
        file.write_text(HEAD + "".join(f"{name}={value}\n" for name, value in credentials.items()))
    return credentials
