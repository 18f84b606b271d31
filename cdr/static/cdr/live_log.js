// An open debug log grows while its call lives. After an interruption it tells the server which lines it has, so that no line is
// missing and none is there twice. It says when it is stale. The lines come as the server's own templates print them.
"use strict";
const panel = document.getElementById("live");
const list = document.getElementById("log");
const state = document.getElementById("live-state");
const follow = document.getElementById("live-follow");
const STALE_MS = 5000;
const LONGEST_WAIT_MS = 10000;
let socket = null;
let heardAt = Date.now();
let waitMs = 1000;

function say(word, tone) {
  if (state.textContent !== word) {
    state.textContent = word;
    state.className = `badge badge-${tone}`;
  }
}

function put(line) {
  const made = document.createElement("template");
  made.innerHTML = line.html;
  const old = document.getElementById(line.anchor);
  if (old) {
    old.replaceWith(made.content);
  } else {
    list.insertBefore(made.content, line.before ? document.getElementById(line.before) : null);
  }
}

function take(event) {
  const news = JSON.parse(event.data);
  heardAt = Date.now();
  waitMs = 1000;
  news.lines.forEach(put);
  if (news.lines.length) {
    document.getElementById("nothing")?.remove();
    if (follow.checked) {
      list.lastElementChild.scrollIntoView({ block: "nearest" });
    }
  }
  say(news.live ? "live" : "the call has ended", news.live ? "live" : "quiet");
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const own = new WebSocket(`${scheme}//${location.host}${panel.dataset.path}`);
  socket = own;
  own.onopen = () => own.send(JSON.stringify({ seen: Array.from(list.querySelectorAll("li.line"), (line) => line.id) }));
  own.onmessage = take;
  own.onclose = (event) => {
    if (own !== socket) {
      return;
    }
    if (event.code === 4401 || event.code === 4403) {
      say("you may no longer see this: sign in again", "bad");
      return;
    }
    setTimeout(connect, waitMs);
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  };
}

function watch() {
  const silentMs = Date.now() - heardAt;
  if (silentMs > STALE_MS && !state.classList.contains("badge-bad")) {
    say(`stale: last heard at ${new Date(heardAt).toISOString().slice(11, 19)} UTC`, "warn");
  }
  if (silentMs > 2 * STALE_MS && socket.readyState === WebSocket.OPEN) {
    socket.close();
  }
}

if (panel) {
  panel.hidden = false;
  connect();
  setInterval(watch, 1000);
}
