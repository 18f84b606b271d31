// The keys j and k go from row to row of a list, to the link that opens it, and from the last one to the next page: Enter then opens it.
// Where somebody is, the focus alone says; so it is read aloud, and no row that comes or goes moves it.
"use strict";
document.addEventListener("keydown", (event) => {
  const step = { j: 1, k: -1 }[plainKey(event)];
  if (!step) return;
  const places = [...document.querySelectorAll(":is(#result_list, .host-list) tbody tr, .pages [rel=next]")];
  const here = places.findIndex((place) => place.contains(document.activeElement));
  const ahead = here < 0 ? places : step > 0 ? places.slice(here + 1) : places.slice(0, here).reverse();
  const ways = ahead.map((place) => (place.matches("a") ? place : place.querySelector("a"))).filter(Boolean);
  event.preventDefault();
  ways[0]?.focus();
});
