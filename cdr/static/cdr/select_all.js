// The box in the head of a list ticks the boxes of all rows on the page. Without JavaScript each row is ticked by itself.
"use strict";
const all = document.getElementById("action-toggle");
if (all) {
  const rows = document.querySelectorAll("input.action-select");
  all.addEventListener("change", () => rows.forEach((row) => { row.checked = all.checked; }));
}
