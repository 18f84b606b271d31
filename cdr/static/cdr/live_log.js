// An open debug log grows while its call lives. After an interruption it tells the server which lines it has, so that no line is
// missing and none is there twice. It says when it is stale. The lines come as the server's own templates print them, and only those
// that the page's filter lets through; the others are counted.
"use strict";
{
  const find = (id) => document.getElementById(id);
  const panel = find("live");
  const state = find("live-state");
  const follow = find("live-follow");
  const STALE_MS = 5000;
  const LONGEST_WAIT_MS = 10000;
  const MOST_SEEN = 4000; // a message has to stay small; lines before these come once more, and take the place of those that are there
  const LAST_WORDS = {
    4401: "you may no longer see this: sign in again",
    4403: "you may no longer see this: sign in again",
    4410: "this link no longer works",
    4429: "not live: too many of your debug logs are open; close one and reload",
  };
  let socket = null;
  let again = 0;
  let heardAt = Date.now();
  let waitMs = 1000;
  let over = false;

  function say(word, tone) {
    if (state.textContent !== word) {
      state.textContent = word;
      state.className = `badge badge-${tone}`;
    }
  }

  function put(line) {
    const list = find("log");
    const made = document.createElement("template");
    made.innerHTML = line.html;
    const old = find(line.anchor);
    if (line.day) {
      find(`day-${line.day}`)?.remove();
    }
    if (old) {
      const details = old.querySelector("details");
      const fresh = made.content.querySelector("details");
      if (details && fresh) {
        fresh.open = details.open;
      }
      old.replaceWith(made.content);
    } else {
      list.insertBefore(made.content, line.before ? find(line.before) : null);
    }
  }

  function count(news) {
    find("log-count").textContent = news.count;
    for (const [group, lines] of Object.entries(news.groups)) {
      const shown = find(`count-${group}`);
      if (shown) {
        shown.textContent = lines;
      }
    }
    const problems = find("problem-count");
    if (problems) {
      problems.textContent = news.problems;
    }
  }

  function take(event) {
    const news = JSON.parse(event.data);
    heardAt = Date.now();
    waitMs = 1000;
    if (news.count) {
      count(news);
    }
    news.lines.forEach(put);
    if (news.lines.length) {
      find("nothing")?.remove();
      document.dispatchEvent(new Event("log:grown"));
      if (follow.checked) {
        find("log").lastElementChild?.scrollIntoView({ block: "nearest" });
      }
    }
    if (news.full) {
      over = true;
      socket.close();
      say("this page is full: newer lines are on the next one", "warn");
      find("live-end").hidden = false;
      return;
    }
    say(news.live ? "live" : "the call has ended", news.live ? "live" : "quiet");
  }

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const own = new WebSocket(`${scheme}//${location.host}${find("live-path").dataset.path}`);
    socket = own;
    const lines = Array.from(document.querySelectorAll("#log > li.line"), (line) => line.id);
    own.onopen = () => own.send(JSON.stringify({ seen: lines.slice(-MOST_SEEN) }));
    own.onmessage = (event) => own === socket && take(event);
    own.onclose = (event) => {
      if (own !== socket || over) {
        return;
      }
      if (LAST_WORDS[event.code]) {
        over = true;
        say(LAST_WORDS[event.code], "bad");
        return;
      }
      again = setTimeout(connect, waitMs);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    };
  }

  function watch() {
    const silentMs = Date.now() - heardAt;
    if (over) {
      return;
    }
    if (silentMs > STALE_MS) {
      say(`stale: last heard at ${new Date(heardAt).toISOString().slice(11, 19)} UTC`, "warn");
    }
    if (silentMs > 2 * STALE_MS && socket.readyState === WebSocket.OPEN) {
      socket.close();
    }
  }

  // Anew for the lines that the page shows now: after its beginning, and after each change of its filter.
  function begin() {
    clearTimeout(again);
    const old = socket;
    socket = null;
    old?.close();
    panel.hidden = false;
    over = !find("live-path").dataset.path;
    find("live-end").hidden = !over;
    find("live-following").hidden = over;
    if (over) {
      say("new lines come on the last page", "quiet");
      return;
    }
    heardAt = Date.now();
    connect();
  }

  document.addEventListener("log:replaced", begin);
  begin();
  setInterval(watch, 1000);
}
