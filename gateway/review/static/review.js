// Keys and marks without loading the page anew; everything works without this file.
"use strict";

const rows = () => [...document.querySelectorAll("[data-row]")];
const inList = () => document.querySelector(".flags") !== null;
let selected = location.hash.slice(1);

function show(row) {
  for (const each of rows()) each.classList.toggle("selected", each === row && inList());
  if (!row) return;
  selected = row.id;
  if (inList()) {
    row.querySelector("[data-open]").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

function current() {
  const all = rows();
  return all.find((row) => row.id === selected) ?? (inList() ? null : all[0]);
}

function move(by) {
  const all = rows();
  const place = all.indexOf(current());
  const next = all[place < 0 ? 0 : place + by];
  if (next) show(next);
  else if (by > 0) document.querySelector("[data-more]")?.click();
}

function takeOut(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (next) show(next);
}

// The answer to a form is the page as it is now: the row is taken from it; it may be on this list no longer.
async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  const place = button.hasAttribute("formaction") ? button.formAction : form.action;
  const answer = await fetch(place, { method: "POST", body, credentials: "same-origin" });
  if (!answer.ok && !answer.redirected) return again(form, button);  // nothing was noted
  if (!answer.ok) return location.reload();  // noted, and only the page did not come
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const row = form.closest("[data-row]");
  const now = page.getElementById(row.id);
  if (!now) return takeOut(row);
  // Only what a mark changes: pictures stay where they are.
  row.querySelector(".mark").replaceWith(now.querySelector(".mark"));
  row.querySelector(".marks").replaceWith(now.querySelector(".marks"));
}

// Sent once more by the browser, which shows why it is refused.
function again(form, button) {
  form.dataset.sent = "again";
  form.requestSubmit(button);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches(".marks") || !event.submitter || form.dataset.sent) return;
  event.preventDefault();
  send(form, event.submitter).catch(() => location.reload());  // nobody knows whether it was noted: look
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const follow = (selector) => document.querySelector(selector)?.click();
  if (event.key === "j") inList() ? move(1) : follow("[data-next]");
  else if (event.key === "k") inList() ? move(-1) : follow("[data-previous]");
  else if (event.key === "Escape") follow("[data-back]");
  else if ("afwu".includes(event.key)) current()?.querySelector(`[data-key=${event.key}]`)?.click();
  else return;
  event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (row && inList() && row.id !== selected) {
    selected = row.id;
    for (const each of rows()) each.classList.toggle("selected", each === row);
  }
});

const judged = document.querySelector("[data-critique]");
if (judged) {
  judged.setAttribute("aria-busy", "true");
  fetch(judged.dataset.critique, { credentials: "same-origin" })
    .then((answer) => answer.text())
    .then((text) => {
      const told = new DOMParser().parseFromString(text, "text/html").querySelector("[data-told]");
      if (told) judged.textContent = told.textContent;
    })
    .finally(() => judged.removeAttribute("aria-busy"));
}

if (selected) show(document.getElementById(selected));
