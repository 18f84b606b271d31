// The key / leads to the search. As a key without a modifier it is switched off with the others: "Keys" in a debug log.
"use strict";
document.addEventListener("keydown", (event) => {
  const off = localStorage.getItem("log-keys") === "off" || event.ctrlKey || event.altKey || event.metaKey;
  const field = document.getElementById("find") || document.querySelector("#find-anywhere input");
  if (event.key === "/" && !off && field && !event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});
