// The page of a live call or stream is read anew every few seconds while somebody looks at it, until it has ended: what is told, its
// figures and what happened. What is unfolded stays so, and the focus where it was; nothing moves under a selection. The line "As of ..."
// is true of all that stands there, and says so when it can not be read any more. Without JavaScript that line has a link.
"use strict";
{
  const EVERY_MS = 3000;
  const PARTS = [".headline", ".story", ".state", ".beside > div", ".beside > section"];
  let timer = 0;

  function named(part) {
    const seen = {};
    return [...part.querySelectorAll("details")].map((details) => {
      const words = details.closest("[id]")?.id + details.querySelector("summary")?.textContent.replace(/\d+/g, "");
      seen[words] = (seen[words] ?? 0) + 1;
      return [`${words} ${seen[words]}`, details];
    });
  }

  function replace(old, fresh) {
    const open = new Map(named(old).map(([name, details]) => [name, details.open]));
    for (const [name, details] of named(fresh)) {
      details.open = open.get(name) ?? details.open;
    }
    const ways = "a, button, summary, input, select";
    const focused = [...old.querySelectorAll(ways)].indexOf(document.activeElement);
    old.replaceWith(fresh);
    if (focused >= 0) {
      fresh.querySelectorAll(ways)[focused]?.focus({ preventScroll: true });
    }
  }

  function stale() {
    const state = document.querySelector(".state");
    if (state && !state.dataset.stale) {
      state.dataset.stale = "yes";
      state.prepend("The console does not answer; this is no longer live. ");
    }
  }

  async function look() {
    if (!readerIsThere() || !document.getSelection().isCollapsed) {
      return;
    }
    let page;
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      page = new DOMParser().parseFromString(answer.ok && !answer.redirected ? await answer.text() : "", "text/html");
    } catch {
      return stale();
    }
    if (!page.querySelector(".beside")) {
      return stale();
    }
    for (const part of PARTS) {
      const fresh = page.querySelector(part);
      const old = document.querySelector(part);
      if (old && fresh) {
        replace(old, document.adoptNode(fresh));
      } else if (old) {
        old.remove();
        clearInterval(timer);
      }
    }
  }

  if (document.querySelector(".state")) {
    timer = setInterval(look, EVERY_MS);
    whenReaderReturns(look);
  }
}
