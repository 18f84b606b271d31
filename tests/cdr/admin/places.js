// What is new on a page, for axe: two elements are alike where their tag, their role and type, what else is said of them, and what style
// sheets know of them and of the four around them are the same. What differs from page to page, the names, is judged on every page.

const DECIDES = /^(aria-.*|data-.*|on.*|alt|for|hidden|href|lang|scope|src|style|tabindex|title)$/;

function placesOf(root) {
  const looks = new Map(), found = new Map();
  const place = (at, levels) => !at || !levels ? "" : `${place(at.parentElement, levels - 1)}>${looks.get(at) ?? ""}`;
  for (const at of [root, ...root.querySelectorAll("*")]) {
    const known = [at.id && `#${at.id}`, ...[...at.classList].map(one => `.${one}`)].filter(one => styled.has(one));
    looks.set(at, at.tagName + known.sort().join(""));
    const given = at.getAttributeNames().filter(name => DECIDES.test(name));
    found.set(at, [place(at, 5), at.getAttribute("role"), at.getAttribute("type"), ...given.sort()].join(" "));
  }
  return found;
}

function wrongIn(page) {
  const all = [...page.querySelectorAll("*")], ids = all.map(at => at.id).filter(Boolean);
  const referred = at => (at.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
  const says = at => at.getAttribute("aria-label") || at.title || at.alt || referred(at).length > 0;
  const named = at => says(at) || (at.matches("a, button") ? [at] : [...at.labels]).some(one => one.textContent.trim() || [...one.querySelectorAll("*")].some(says));
  const asks = at => at.matches("a[href], button, select, textarea, input:not([type=hidden], [type=submit])") && !at.closest(".hidden");
  return [
    ...(page.title && page.documentElement.lang && page.querySelector("main") ? [] : ["it has no title, no language or no main part"]),
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => `it has the id ${id} twice`),
    ...all.filter(at => asks(at) && !named(at)).map(at => `it has no name for ${at.outerHTML.slice(0, 150)}`),
    ...all.flatMap(referred).filter(id => !ids.includes(id)).map(id => `it has no ${id}, which names something`),
  ];
}

window.parse = html => { window.parsed = new DOMParser().parseFromString(html, "text/html"); };

window.judge = html => {  // and what there is on a page
  parse(html);
  const scripts = [...parsed.querySelectorAll("script")].map(at => `script ${at.src}`);
  return [wrongIn(parsed), [...new Set([...placesOf(parsed.body).values(), ...scripts])]];
};

window.draw = () => {  // what was parsed, in the place of the page that is here, as it is without its scripts
  const wanted = new Set([...parsed.querySelectorAll("link[rel=stylesheet]")].map(at => at.getAttribute("href")));
  for (const sheet of document.querySelectorAll("link")) sheet.disabled = !wanted.has(sheet.getAttribute("href"));
  document.body.replaceWith(document.adoptNode(parsed.body));
};

window.placesHere = () => [...new Set(placesOf(document.body).values())];

// For axe: all of those, without what is in them and is not one.
function toLookAt(kept) {
  const include = [...kept].filter(at => !kept.has(at.parentNode));
  const exclude = [...document.body.querySelectorAll("*")].filter(at => !kept.has(at) && kept.has(at.parentNode));
  window.news = exclude.length ? { include, exclude } : { include };
  return kept.size > 0;
}

window.keepNew = places => {  // of the elements that are alike, the first; says whether this width hides some
  const wanted = new Set(places);
  const news = new Set([...placesOf(document.body)].filter(([, place]) => wanted.delete(place)).map(([at]) => at));
  window.unseen = [...news].filter(at => !at.checkVisibility());
  toLookAt(news);
  return unseen.length > 0;
};

const aside = [];

window.putAside = () => {  // what is drawn, with what was kept of it
  aside.push({ body: document.body, news, unseen, sheets: [...document.querySelectorAll("link")].map(sheet => sheet.disabled) });
};

window.takeUp = number => {
  const taken = aside[number];
  for (const [at, sheet] of document.querySelectorAll("link").entries()) sheet.disabled = taken.sheets[at];
  document.body.replaceWith(taken.body);
  [window.news, window.unseen] = [taken.news, taken.unseen];
};

window.keepLate = () => toLookAt(new Set(unseen.filter(at => at.checkVisibility())));  // what the width before did not show
