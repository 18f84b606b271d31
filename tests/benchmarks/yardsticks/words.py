"""What every yardstick says to its customer, and hears."""

import base64
import json
import time
import uuid


class Words:
    """Of one stream."""

    def __init__(self) -> None:
        self.stream_id, self.number = str(uuid.uuid4()), 0

    def start(self) -> str:
        return f'{{"event":"start","sequenceNumber":1,"start":{{"streamId":"{self.stream_id}"}}}}'

    def media(self, audio: bytes) -> str:
        self.number += 1
        payload = base64.b64encode(audio).decode()
        return (
            f'{{"event":"media","sequenceNumber":{self.number + 1},"streamId":"{self.stream_id}","media":{{"track":"inbound",'
            f'"timestamp":"{int(time.time() * 1000)}","chunk":{self.number},"payload":"{payload}"}},"extra_headers":""}}'
        )


def played(text: str | bytes) -> bytes:
    return base64.b64decode(json.loads(text)["media"]["payload"])
