"""The console as a person with a browser has it: logs in, opens pages, presses buttons. Standard library only."""

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.journeys.page import Form, Page

HELD = "held_form"
"""The field of the page that confirms who somebody is: in it waits what was sent."""
A_CALL = re.compile(r"/calldetail/[^/?]+/change/")


class Console:
    """One browser session. Answers with an error status are pages like the others."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url, self.password = url, password
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        page = self.submit(self.get("/admin/login/").form(), username=username, password=password)
        assert page.status == 200 and "/login/" not in page.url, page.text

    def get(self, path: str, **query: str) -> Page:
        query_string = f"?{urllib.parse.urlencode(query)}" if query else ""
        return self._open(urllib.parse.urljoin(self.url, path) + query_string, None)

    def submit(self, form: Form, **changes: str) -> Page:
        """What it comes to, also where the console wants to know first who asks, as it does five minutes after somebody signed in."""
        page = self._sent(form, changes)
        confirming = next((asked for asked in page.forms if HELD in asked.fields), None)
        return self._sent(confirming, {"password": self.password}) if confirming else page

    def call(self, searched: str) -> Page:
        """The page of a call, by way of the search in the list of calls (by UUID or number)."""
        return self.get(self.get("/admin/cdr/calldetail/", q=searched).link(A_CALL.pattern))

    def call_that_says(self, searched: str, words: str) -> Page:
        """The page of a call, once `words` are on it: nothing comes over a wire when the platform has written something down."""
        address = None
        for _ in range(100):
            if address is None:
                found = self.get("/admin/cdr/calldetail/", q=searched)
                address = next((link for link in found.links if A_CALL.search(link)), None)
            if address is not None and words in (page := self.get(address)).text:
                return page
            time.sleep(0.1)
        raise AssertionError(f"the page of call {searched} does not say {words!r}: {self.call(searched).text}")

    def page_that_says(self, path: str, *words: str) -> Page:
        """The page at `path`, once all of the words are on it."""
        for _ in range(100):
            page = self.get(path)
            if all(re.search(word, page.text) for word in words):
                return page
            time.sleep(0.1)
        raise AssertionError(f"{path} does not say {words}: {page.text}")

    def followed(self, page: Page) -> Page:
        """The page once it does not ask a browser any more to come again; until then it is asked four times as often as it says."""
        for _ in range(100):
            if (seconds := page.headers.get("refresh")) is None:
                return page
            time.sleep(float(seconds) / 4)
            page = self.get(page.url)
        raise AssertionError(f"{page.url} asks to come again without end: {page.text}")

    def stream(self, call_uuid: str, stream_id: str) -> dict[str, str]:
        """What the page of a call says about one of its streams, by label."""
        return self.call(call_uuid).facts[f"s{stream_id}"]

    def debug_log(self, stream_id: str) -> Page:
        return self.get(f"/admin/cdr/streamdetail/{stream_id}/debug-log/")

    def _sent(self, form: Form, changes: dict[str, str]) -> Page:
        return self._open(form.action, urllib.parse.urlencode(form.fields | changes).encode())

    def _open(self, url: str, body: bytes | None) -> Page:
        request = urllib.request.Request(url, body, {"Referer": url})
        try:
            answer = self._opener.open(request, timeout=15)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Page(answer.url, answer.status, headers, answer.read().decode())
