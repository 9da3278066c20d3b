// Makes the console lively; without it every link and form still works.
import { follow } from "./live.js";
import "./palette.js";

const NOTICE_MS = 5000;
const root = document.documentElement;

function applyTheme(theme) {
  if (theme) root.dataset.theme = theme;
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser that keeps nothing still shows the page
  }
}

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

applyTheme(recall("theme"));

function toggleTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  applyTheme(dark ? "light" : "dark");
  remember("theme", root.dataset.theme);
}

export function scrollMessages() {
  const messages = document.getElementById("messages");
  if (messages) messages.scrollTop = messages.scrollHeight;
}

function closeThread() {
  const thread = document.getElementById("thread");
  const link = thread?.querySelector("[data-close-thread]");
  if (!link) return;
  thread.replaceChildren();
  history.pushState(null, "", link.getAttribute("href"));
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const opener = target?.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) {
      event.preventDefault();
      if (!dialog.open) dialog.showModal();
    }
    return;
  }
  const closer = target?.closest("[data-dialog-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
    return;
  }
  if (target?.closest("[data-theme-toggle]")) toggleTheme();
  if (target?.closest("[data-close-thread]")) {
    event.preventDefault();
    closeThread();
  }
});

document.addEventListener("submit", (event) => {
  const dialog = event.target.closest("dialog");
  if (event.target.hasAttribute("hx-post") && window.htmx) dialog?.close();
  else event.submitter?.setAttribute("aria-busy", "true");
});

// A page that is come back to is not busy any more.
window.addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll("button[aria-busy]")) busy.removeAttribute("aria-busy");
});

// Ctrl-Enter sends; J and K walk the timeline, Enter opens, Escape closes the thread.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") closeThread();
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll("#timeline a.who")];
    const at = links.indexOf(document.activeElement);
    const next = links[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
    next?.focus();
  }
});

// A page of what came earlier may repeat the day that the one before it ended with.
function dropRepeatedDays() {
  let last = "";
  for (const day of document.querySelectorAll("#timeline li.day")) {
    if (day.textContent === last) day.remove();
    last = day.textContent;
  }
}

function letNoticeFade() {
  const notice = document.querySelector("#notice .notice");
  if (notice) setTimeout(() => notice.remove(), NOTICE_MS);
}

document.addEventListener("htmx:after:swap", () => {
  scrollMessages();
  dropRepeatedDays();
  letNoticeFade();
});

for (const button of document.querySelectorAll("[data-theme-toggle]")) button.hidden = false;
for (const dialog of document.querySelectorAll("dialog[open]")) {
  dialog.close();
  dialog.showModal();
}
scrollMessages();
follow();
