// A button beside lines to paste copies them. Without JavaScript the lines are selected by hand.
"use strict";

function select(lines) {
  const range = document.createRange();
  range.selectNodeContents(lines);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

// The clipboard is there only over https and on this machine: elsewhere the browser's old way serves.
async function copied(lines) {
  try {
    await navigator.clipboard.writeText(lines.textContent);
    return true;
  } catch {
    select(lines);
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("button.copy-lines")) {
  const word = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.textContent = (await copied(document.getElementById(button.dataset.lines))) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = word; }, 3000);
  });
}
