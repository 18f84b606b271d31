// A button beside lines to paste copies them. Without JavaScript the lines are selected by hand.
"use strict";

// The clipboard is there only over https and on this machine: elsewhere the lines are selected, and a person copies them.
async function copied(lines) {
  try {
    await navigator.clipboard.writeText(lines.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(lines);
    return false;
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
