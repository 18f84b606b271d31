"""A real nginx with the configuration that is shipped (deploy/nginx), on free ports and with a certificate of the tests' own.

Owns what of the file is replaced, and nothing else of it: what is tried is what is shipped."""

import os
import shutil
from pathlib import Path

from tests.free_port import free_port
from tests.journeys.processes import ChildProcess, clean_environment

SHIPPED = Path(__file__).parents[2] / "deploy/nginx/streamdesk.conf"
AROUND = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log notice;
{user}
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/streamdesk.conf;
}}
"""


def executable() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class Nginx:
    """Before two web processes, the first of which is the console's as well. `access_log` and `error_log` are what it wrote."""

    def __init__(self, folder: Path, certificate: Path, ports: tuple[int, int]) -> None:
        self.port, self.plain_port, self.folder = free_port(), free_port(), folder
        self.access_log, self.error_log = folder / "access.log", folder / "error.log"
        replaced = {
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            "127.0.0.1:8001": f"127.0.0.1:{ports[0]}",
            "127.0.0.1:8002": f"127.0.0.1:{ports[1]}",
            "127.0.0.1:8000": f"127.0.0.1:{ports[0]}",
            "/etc/ssl/streamdesk/fullchain.pem": str(certificate),
            "/etc/ssl/streamdesk/privkey.pem": str(certificate),
            "/var/log/nginx/streamdesk.log": str(self.access_log),
            "/var/log/nginx/streamdesk.error.log": str(self.error_log),
        }
        text = SHIPPED.read_text()
        for shipped, here in replaced.items():
            assert shipped in text, f"{SHIPPED} has no {shipped!r} any more"
            text = text.replace(shipped, here)
        (folder / "streamdesk.conf").write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        nginx = executable()
        assert nginx is not None
        self.command = [nginx, "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self.process = ChildProcess("nginx", self.command, folder, clean_environment())

    @property
    def ws_url(self) -> str:
        return f"wss://127.0.0.1:{self.port}"

    @property
    def http_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"
