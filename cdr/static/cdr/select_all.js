// The box in the head of a list ticks the boxes of all rows on the page, and what is empty in the form above it does not stand in the
// address. Without JavaScript each row is ticked by itself, and the address is longer.
"use strict";
const all = document.getElementById("action-toggle");
if (all) {
  const rows = document.querySelectorAll("input.action-select");
  all.addEventListener("change", () => rows.forEach((row) => { row.checked = all.checked; }));
}
for (const bar of document.querySelectorAll("form.bar")) {
  bar.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
  });
}
