// Says above a list how many rows have come since it was read, and that it was not asked any more: only a page that is seen, and whose
// reader was there within the last minutes, asks. Rows stay where they are until they are asked for. Without JavaScript nothing is said.
"use strict";
{
  const EVERY_MS = 10000;
  const news = document.getElementById("news");

  async function ask() {
    if (!readerIsThere()) {
      return;
    }
    try {
      const answer = await fetch(news.dataset.address, { headers: { Accept: "application/json" } });
      const { new: count, more } = await answer.json();
      news.textContent = count ? `${count}${more ? "+" : ""} new \u2013 show` : "";
      news.hidden = !count;
    } catch {
      news.textContent = "The console does not answer. Reload";
      news.hidden = false;
    }
  }

  if (news) {
    setInterval(ask, EVERY_MS);
    whenReaderReturns(ask);
  }
}
