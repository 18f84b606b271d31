// A click on the time of a turn, or on the # of a line, plays the recording from there. Without JavaScript it is downloaded.
"use strict";

const audio = document.querySelector("#recording audio");

function seek(ms) {
  audio.currentTime = Math.max(ms - audio.dataset.beganMs, 0) / 1000;
  audio.play();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const turn = link?.closest("tr[data-ms]");
  const line = link?.matches(".anchor") && link.closest(".line");
  if (turn) seek(Number(audio.dataset.askedMs) + Number(turn.dataset.ms));
  else if (line) seek(Date.parse(line.querySelector("time").dateTime));
});
document.getElementById("seek-words").hidden = false;
