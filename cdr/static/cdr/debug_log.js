// The debug log's page where there is JavaScript: the filter works while one types, a line's link can be copied, n and p jump from
// problem to problem, details open and close all at once. Which lines match is the server's to say: this asks it, and shows its answer.
"use strict";
{
  const find = (id) => document.getElementById(id);
  const form = find("log-filter");
  const view = find("log-view");
  const TYPING_MS = 250;
  const SAID_MS = 2000;
  // Lines had other names once, which only the server knows: its page begins with such a line.
  const oldName = location.hash.match(/^#((?:e|c|a|charge)\d+)$/);
  if (oldName && !find(oldName[1])) {
    location.replace(`?from=${oldName[1]}`);
  }

  let asked = null;
  let typed = 0;
  let opened = false;

  function say(words) {
    find("log-said").textContent = words;
  }

  // The filter ----------------------------------------------------------------------------------------------------------
  function address() {
    const query = new URLSearchParams(Array.from(new FormData(form)).filter(([, value]) => value.trim()));
    return form.getAttribute("action") + (query.size ? `?${query}` : "");
  }

  async function narrow() {
    asked?.abort();
    const own = new AbortController();
    asked = own;
    view.setAttribute("aria-busy", "true");
    const url = address();
    try {
      const answer = await fetch(url, { signal: own.signal, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) {
        location.assign(url); // signed out, most likely: the server says it better
        return;
      }
      show(new DOMParser().parseFromString(await answer.text(), "text/html"), url);
    } catch (error) {
      if (error.name !== "AbortError") {
        say("The server did not answer; the lines are those of the filter before.");
      }
    } finally {
      if (asked === own) {
        view.removeAttribute("aria-busy");
      }
    }
  }

  function show(page, url) {
    history.replaceState(null, "", url);
    for (const id of ["log-view", "log-links", "log-files", "log-count"]) {
      find(id)?.replaceChildren(...page.getElementById(id).childNodes); // a shared log has no files
    }
    for (const count of form.querySelectorAll("b[id]")) {
      count.textContent = page.getElementById(count.id)?.textContent ?? "0";
    }
    if (opened) {
      openAll(true);
    }
    say(find("log-count").textContent);
    document.dispatchEvent(new Event("log:replaced"));
  }

  function soon() {
    clearTimeout(typed);
    typed = setTimeout(narrow, TYPING_MS);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    narrow();
  });
  form.addEventListener("input", (event) => (event.target.type === "search" ? soon() : narrow()));

  // Details -------------------------------------------------------------------------------------------------------------
  function openAll(open) {
    opened = open;
    for (const details of view.querySelectorAll("details")) {
      details.open = open;
    }
  }

  find("open-all").addEventListener("click", () => openAll(true));
  find("close-all").addEventListener("click", () => openAll(false));
  document.addEventListener("log:grown", () => opened && openAll(true));

  // From problem to problem ---------------------------------------------------------------------------------------------
  function jump(step) {
    const problems = Array.from(view.querySelectorAll(".line-warn, .line-bad"));
    const here = document.activeElement?.closest?.("li.line") ?? view.querySelector("li.line:target");
    const behind = (line) => (here ? line.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_PRECEDING : step > 0);
    const ahead = (line) => (here ? line.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING : step < 0);
    const next = step > 0 ? problems.find((line) => line !== here && behind(line)) : problems.findLast((line) => line !== here && ahead(line));
    if (!next) {
      say(problems.length ? `No ${step > 0 ? "further" : "earlier"} problem on this page.` : "There is no problem on this page.");
      return;
    }
    location.replace(`#${next.id}`); // lights it up, and leaves the way back alone
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  }

  find("next-problem").addEventListener("click", () => jump(1));
  find("previous-problem").addEventListener("click", () => jump(-1));
  document.addEventListener("keydown", (event) => {
    const step = { n: 1, p: -1 }[plainKey(event)];
    if (step) {
      event.preventDefault();
      jump(step);
    }
  });

  // A link to a line ----------------------------------------------------------------------------------------------------
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "door copy";
  copy.textContent = "Copy link";

  copy.addEventListener("click", async () => {
    const link = new URL(`#${copy.closest("li.line").id}`, location.href);
    try {
      await navigator.clipboard.writeText(link.href); // which is there over https, and on this machine
      copy.textContent = "Copied";
      say("The link to this line was copied.");
    } catch {
      copy.textContent = "Not copied";
      say("The browser did not allow copying. The # before the line is the link.");
    }
    copy.focus();
    setTimeout(() => (copy.textContent = "Copy link"), SAID_MS);
  });

  function offer(event) {
    const line = event.target.closest?.("li.line");
    if (line && !line.contains(copy) && (event.type === "focusin" || document.activeElement !== copy)) {
      copy.textContent = "Copy link";
      line.querySelector(".anchor").after(copy);
    }
  }

  view.addEventListener("pointerover", offer);
  view.addEventListener("focusin", offer);
}
