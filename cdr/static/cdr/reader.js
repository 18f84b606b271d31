// Whether somebody reads this page: it is seen, and its reader was there within the last minutes. Pages that ask the server by
// themselves ask only then. Tells `readerIsThere`, and calls what is given to `whenReaderReturns` when the page is seen again.
"use strict";
{
  const LEFT_ALONE_MS = 15 * 60 * 1000;
  let touchedAt = Date.now();

  function touched() {
    touchedAt = Date.now();
  }

  for (const sign of ["pointerdown", "pointermove", "keydown", "scroll", "visibilitychange"]) {
    document.addEventListener(sign, touched, { passive: true });
  }
  window.readerIsThere = () => !document.hidden && Date.now() - touchedAt <= LEFT_ALONE_MS;
  window.whenReaderReturns = (act) => document.addEventListener("visibilitychange", act);
}
