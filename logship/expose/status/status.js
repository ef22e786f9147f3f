// Fetch the page again every few seconds and bring what is shown up to date; every number is written by the server.
"use strict";

const POLL = 2000; // milliseconds
const LONGEST_WAIT = 8000;
const PATIENCE = 10000;

const age = document.getElementById("age");
const lost = document.getElementById("lost");
const pause = document.getElementById("pause");

let timer = 0;
let failures = 0;
let asked = 0;
let isPaused = false;
let ageAtLoad = Number(age.dataset.seconds);
let loadedAt = performance.now();

function ageNow() {
  return ageAtLoad + (performance.now() - loadedAt) / 1000;
}

function say(seconds) {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function show() {
  const old = say(ageNow());
  age.textContent = `${isPaused ? "paused, " : ""}updated ${old} ago`;
  document.documentElement.classList.toggle("old", failures > 0);
  lost.hidden = failures === 0;
  const says = failures ? "Connection lost: the tailer does not answer. These numbers are getting old." : "";
  if (lost.textContent !== says) lost.textContent = says; // said once, not at each try
}

function next() {
  clearTimeout(timer);
  if (!isPaused && !document.hidden) timer = setTimeout(refresh, Math.min(POLL * 2 ** failures, LONGEST_WAIT));
}

async function refresh() {
  clearTimeout(timer);
  const number = ++asked;
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const freshAge = fresh.getElementById("age");
    if (!freshAge) throw new Error("another page");
    if (number !== asked) return; // a later one was asked for meanwhile
    for (const part of ["main", ".condition", "footer"]) {
      become(document.querySelector(part), fresh.querySelector(part));
    }
    document.title = fresh.title;
    ageAtLoad = Number(freshAge.dataset.seconds);
    loadedAt = performance.now();
    failures = 0;
  } catch {
    if (number !== asked) return;
    failures += 1;
  }
  show();
  next();
}

// Make a node what another one is and keep its identity, so that focus, selection and scrolling stay.
function become(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const olds = [...old.childNodes];
  const news = [...fresh.childNodes];
  news.forEach((child, place) => (place < olds.length ? become(olds[place], child) : old.append(child)));
  olds.slice(news.length).forEach((child) => child.remove());
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("main a[href^='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.replaceState(null, "", link.href);
  refresh();
});

pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", String(isPaused));
  show();
  if (isPaused) clearTimeout(timer);
  else refresh();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else if (!isPaused) refresh();
});

pause.hidden = false;
setInterval(show, 1000);
show();
next();
