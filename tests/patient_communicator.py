"""The client's side of a WebSocket consumer in this process, with bounds that only a failure reaches."""

from typing import Any

from channels.testing import WebsocketCommunicator

PATIENCE_SECONDS = 30.0
"""Channels' own is one second, which a busy machine may need."""


# The parameters are Channels'.
class PatientCommunicator(WebsocketCommunicator):
    async def connect(self, timeout: float = PATIENCE_SECONDS) -> Any:  # noqa: ASYNC109
        return await super().connect(timeout)

    async def receive_output(self, timeout: float = PATIENCE_SECONDS) -> Any:  # noqa: ASYNC109
        return await super().receive_output(timeout)

    async def receive_from(self, timeout: float = PATIENCE_SECONDS) -> Any:  # noqa: ASYNC109
        return await super().receive_from(timeout)

    async def receive_json_from(self, timeout: float = PATIENCE_SECONDS) -> Any:  # noqa: ASYNC109
        return await super().receive_json_from(timeout)

    async def wait(self, timeout: float = PATIENCE_SECONDS) -> None:  # noqa: ASYNC109
        await super().wait(timeout)

    async def disconnect(self, code: int = 1000, timeout: float = PATIENCE_SECONDS) -> None:  # noqa: ASYNC109
        await super().disconnect(code, timeout)
