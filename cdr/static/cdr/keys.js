// Keys of every page: / leads to its search, Ctrl-K (Cmd-K) and ? open the box that find_box.js makes. `plainKey` tells which key without a
// modifier was pressed for the page: none while somebody types or a dialog is open. Those get in the way of who speaks to a computer: a box
// "Keys" switches all of them off, and they stay so.
"use strict";
{
  const wanted = () => localStorage.getItem("log-keys") !== "off";
  const fieldOf = (event) => event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  window.plainKey = (event) =>
    !wanted() || fieldOf(event) || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") ? "" : event.key;
  window.showSwitches = () => document.querySelectorAll(".keys-switch").forEach((box) => { box.checked = wanted(); });

  let box = null;

  async function open(address, part) {
    if (!box) box = await import(address);
    box.open(part); // at once the next time: what is typed then is for the box
  }

  document.addEventListener("change", ({ target }) => {
    if (target.matches(".keys-switch")) localStorage.setItem("log-keys", target.checked ? "on" : "off");
  });
  document.addEventListener("keydown", (event) => {
    const key = plainKey(event);
    const search = key === "/" && (document.getElementById("find") ?? document.querySelector("#find-anywhere input"));
    const ctrlK = event.key?.toLowerCase() === "k" && event.ctrlKey !== event.metaKey && !event.altKey && !event.shiftKey;
    const door = document.getElementById("to-find");
    if (search) {
      search.focus();
      search.select();
    } else if (door && (key === "?" || (ctrlK && (fieldOf(event)?.type ?? "search") === "search"))) {
      open(door.dataset.box, key ? "keys" : "found");
    } else return;
    event.preventDefault();
  });
  showSwitches();
}
