// The box over a page with what the find page says: where the typed letters lead, or which keys there are. Enter goes to the first place,
// the arrows from one to the next. It is loaded when it is asked for first; without JavaScript the find page is a page like others.
const { href: address } = document.getElementById("to-find");
const TYPING_MS = 150;
const box = document.createElement("dialog");
box.id = "find-box";
box.innerHTML = '<form class="find find-row"><input type="search" maxlength="200" autocomplete="off"></form><p class="visually-hidden" role="status"></p><div></div>';
document.body.append(box);
const [form, said, found] = box.children;
const [field] = form;
let asked = null;
let typed = 0;

async function show(part) {
  clearTimeout(typed);
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(`${address}?${new URLSearchParams({ q: field.value })}`, { signal: asked.signal });
    if (answer.redirected) location.assign(address); // signed out
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part);
    found.className = page.className;
    found.replaceChildren(...page.children);
    said.textContent = found.querySelector("h2, p").textContent;
    showSwitches();
    return true;
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = found.textContent = "The console does not answer.";
    return false;
  }
}

export function open(part) {
  form.hidden = part === "keys";
  box.ariaLabel = field.ariaLabel = field.placeholder = form.hidden ? "Keys" : "Find a call, a page or a name";
  found.replaceChildren();
  field.value = "";
  if (!box.open) box.showModal();
  show(part);
}

form.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(show, TYPING_MS, "found");
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await show("found")) found.querySelector("a")?.click();
});
box.addEventListener("click", ({ target }) => {
  if (target === box || target.closest("a")) box.close(); // also for who comes back
});
box.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") box.close(); // which else empties the field first
  const stops = [...box.querySelectorAll("form:not([hidden]) input, a")];
  if (!step || !stops.length) return;
  event.preventDefault();
  stops.at((stops.indexOf(document.activeElement) + step) % stops.length).focus();
});
