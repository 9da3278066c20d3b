// Makes the inbox quick: threads open in place, texts show at once, keys do what buttons do. Links and forms work without.
import { count } from "./segments.js";

const root = document.getElementById("inbox");
const list = document.getElementById("list");
const desk = document.getElementById("desk");
const said = document.getElementById("inbox-said");
const keys = document.getElementById("keys");
const FRAGMENT = { "HX-Request": "true" };
const RETRY_MS = 3000;
const GATHER_MS = 120;
const DRAFTS = "draft:";
let cursor = "";
const sending = new Set();

const openId = () => desk.querySelector("[data-open-thread]")?.dataset.openThread ?? "";
const lines = () => [...list.querySelectorAll("[data-thread-link]")];
const tell = (words) => {
  said.textContent = words;
};

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function recall(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function remember(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // a browser that keeps nothing still sends
  }
}

// A broken line is no fault of the page: what was asked for comes with the next news.
async function ask(address) {
  try {
    const answer = await fetch(address, { headers: FRAGMENT });
    return answer.ok && !answer.redirected ? parse(await answer.text()) : null;
  } catch {
    return null;
  }
}

const timeline = () => document.getElementById("happenings");

function toEnd() {
  const items = timeline();
  if (items) items.scrollTop = items.scrollHeight;
}

function atEnd(items) {
  return items.scrollHeight - items.scrollTop - items.clientHeight < 120;
}

// ---- one thread

function showDesk(html, { keepFocus = false } = {}) {
  const note = document.getElementById("note-body")?.value ?? "";
  const same = openId();
  desk.replaceChildren(parse(html));
  desk.removeAttribute("aria-busy");
  if (keepFocus && same === openId() && note) {
    const field = document.getElementById("note-body");
    if (field && !field.value) field.value = note;
  }
  dressDesk();
}

function dressDesk() {
  const thread = openId();
  document.body.classList.toggle("reads", Boolean(thread));
  for (const line of lines()) {
    const here = line.dataset.threadLink === thread;
    line.closest("li").classList.toggle("here", here);
    if (here) {
      line.setAttribute("aria-current", "true");
      line.closest("li").classList.remove("unread");
      line.querySelector(".line-dot")?.remove();
    } else line.removeAttribute("aria-current");
  }
  const field = document.getElementById("reply-body");
  if (field && thread && !field.value) field.value = recall(DRAFTS + thread);
  for (const dialog of desk.querySelectorAll("dialog[open]")) {
    dialog.close();
    dialog.showModal();
  }
  showSegments();
  toEnd();
}

async function openThread(address, { push = true } = {}) {
  desk.setAttribute("aria-busy", "true");
  const url = new URL(address, location.href);
  try {
    const answer = await fetch(url, { headers: FRAGMENT });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    showDesk(await answer.text());
    if (push) history.pushState({ thread: true }, "", url);
    document.title = document.title.replace(/^.*Inbox · /, `${desk.querySelector(".pane-who h2")?.textContent.trim()} · Inbox · `);
  } catch {
    location.assign(url);
  }
}

function closeThread() {
  if (!openId()) return;
  const was = openId();
  const back = desk.querySelector("[data-back]")?.getAttribute("href") ?? root.dataset.base;
  desk.replaceChildren(document.getElementById("nothing-open").content.cloneNode(true));
  for (const mark of desk.querySelectorAll("[data-with-keys]")) mark.hidden = false;
  document.body.classList.remove("reads");
  history.pushState(null, "", back);
  document.title = document.title.replace(/^.* · Inbox/, "Inbox");
  const line = list.querySelector(`[data-thread-link="${was}"]`);
  line?.closest("li").classList.remove("here");
  (line ?? document.getElementById("threads"))?.focus();
}

// Beside what came earlier on request, what is new or has changed takes its place.
function addFresh(items, fresh) {
  const follow = atEnd(items);
  for (const item of [...fresh.querySelectorAll("li[id]")]) {
    const known = document.getElementById(item.id);
    if (known) known.replaceWith(item);
    else items.append(item);
  }
  if (follow) toEnd();
}

async function refreshItems() {
  const thread = openId();
  if (!thread || desk.querySelector(".message.pending")) return;
  const fresh = await ask(`${root.dataset.base}/${thread}?part=items`);
  const items = timeline();
  if (!fresh || !items || openId() !== thread || desk.querySelector(".message.pending")) return;
  if (items.querySelector("[data-loaded-earlier]")) {
    addFresh(items, fresh);
    return;
  }
  const follow = atEnd(items);
  const playing = [...items.querySelectorAll("audio")].some((one) => !one.paused);
  if (playing) return;
  items.replaceChildren(fresh);
  if (follow) toEnd();
}

// ---- the list

async function refreshList() {
  const here = new URL(location.href);
  if (here.searchParams.get("q") || here.searchParams.get("before")) return;
  const view = here.searchParams.get("view") ?? "";
  const asked = new URLSearchParams({ ...(view && { view }), ...(openId() && { opened: openId() }) });
  const fresh = await ask(`${root.dataset.base}?${asked}`);
  if (!fresh) return;
  const chosen = new Set([...list.querySelectorAll("input:checked")].map((box) => box.value));
  const focused = document.activeElement?.closest?.("[data-thread-link]")?.dataset.threadLink;
  const scrolled = list.scrollTop;
  list.replaceChildren(fresh);
  for (const box of list.querySelectorAll(".line-choose input")) box.checked = chosen.has(box.value);
  list.scrollTop = scrolled;
  if (focused) list.querySelector(`[data-thread-link="${focused}"]`)?.focus({ preventScroll: true });
}

let gathered = new Set();
let gathering = 0;

function touched(ids) {
  for (const id of ids) gathered.add(id);
  clearTimeout(gathering);
  gathering = setTimeout(async () => {
    const mine = gathered.has(openId());
    gathered = new Set();
    if (mine) await refreshItems();
    await refreshList();
  }, GATHER_MS);
}

function follow() {
  const url = new URL(root.dataset.stream, location.href);
  if (cursor) url.searchParams.set("after", cursor);
  const source = new EventSource(url);
  const show = (live) => {
    for (const mark of document.querySelectorAll("[data-inbox-live]")) {
      mark.hidden = false;
      mark.classList.toggle("lost", !live);
      mark.textContent = live ? "Live" : "Reconnecting…";
    }
  };
  source.addEventListener("open", () => show(true));
  source.addEventListener("threads", (event) => {
    cursor = event.lastEventId;
    touched(JSON.parse(event.data));
  });
  source.addEventListener("reload", () => location.reload());
  source.addEventListener("error", () => {
    show(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, RETRY_MS);
  });
}

// ---- doing things

async function post(form, submitter) {
  const fields = new FormData(form, submitter);
  const body = new URLSearchParams([...fields].map(([name, value]) => [name, String(value)]));
  return fetch(form.action, { method: "POST", headers: FRAGMENT, body });
}

function pending(words, kind) {
  const item = document.createElement("li");
  item.className = `message ${kind} pending`;
  const bubble = document.createElement("p");
  bubble.className = "bubble";
  bubble.textContent = words;
  const foot = document.createElement("p");
  foot.className = "message-foot";
  foot.textContent = kind === "us" ? "Sending…" : "Keeping…";
  item.append(bubble, foot);
  timeline()?.append(item);
  toEnd();
  return item;
}

function complain(form, words) {
  form.querySelector(".wrong")?.remove();
  const wrong = document.createElement("p");
  wrong.className = "wrong";
  wrong.setAttribute("role", "alert");
  wrong.textContent = words;
  form.prepend(wrong);
}

// Whoever goes on typing or moves on meanwhile is not disturbed: only the timeline and the form's hidden fields change.
function settle(form, fresh) {
  timeline().replaceChildren(...fresh.querySelector("#happenings").childNodes);
  form.querySelector(".wrong")?.remove();
  const next = fresh.querySelector("[data-reply]");
  const reply = desk.querySelector("[data-reply]");
  for (const name of next && reply ? ["key", "seen"] : []) {
    reply.elements.namedItem(name).value = next.elements.namedItem(name).value;
  }
  toEnd();
}

function calm(form) {
  for (const one of form.querySelectorAll("[aria-busy]")) one.removeAttribute("aria-busy");
}

async function write(form, submitter) {
  if (sending.has(form)) return;
  sending.add(form);
  const field = form.querySelector("textarea");
  const words = field.value;
  const thread = openId();
  const item = pending(words, form.hasAttribute("data-reply") ? "us" : "noted");
  // The form keeps its key: pressing Send again after a broken line is the same text.
  const answering = post(form, submitter);
  field.value = "";
  showSegments();
  try {
    const answer = await answering;
    const html = await answer.text();
    if (!answer.headers.get("content-type")?.startsWith("text/html")) throw new Error(String(answer.status));
    if (answer.ok && form.hasAttribute("data-reply")) remember(DRAFTS + thread, "");
    if (openId() === thread) {
      if (!answer.ok || form.elements.namedItem("anyway")) {
        showDesk(html);
        document.getElementById(field.id)?.focus();
      } else settle(form, parse(html));
    }
    tell(answer.ok ? "Written." : "Not sent.");
  } catch {
    item.remove();
    field.value = words;
    showSegments();
    complain(form, "Not sent: the line is broken. Your words are kept; press Send again.");
    field.focus();
  } finally {
    sending.delete(form);
    calm(form);
  }
  refreshList();
}

function nextLine() {
  const all = lines();
  const at = all.findIndex((line) => line.dataset.threadLink === openId());
  return all[at + 1] ?? all[at - 1] ?? null;
}

async function act(form, submitter) {
  const what = form.dataset.act;
  const next = what === "done" || what === "snooze" ? nextLine()?.getAttribute("href") : null;
  form.closest("dialog")?.close();
  const answer = await post(form, submitter).catch(() => null);
  calm(form);
  if (!answer || (!answer.ok && !answer.headers.get("content-type")?.startsWith("text/html"))) {
    tell("That did not work. Try again.");
    return;
  }
  if (answer.status !== 204) {
    showDesk(await answer.text(), { keepFocus: true });
    tell(answer.ok ? "Done." : "That did not work.");
  } else if (next && !matchMedia("(max-width: 900px)").matches) {
    await openThread(next);
    tell("Done. The next thread is open.");
  } else {
    closeThread();
    tell("Done.");
  }
  refreshList();
}

async function actOnMany(form, submitter) {
  const answer = await post(form, submitter).catch(() => null);
  calm(form);
  tell(answer?.ok ? "Done." : "That did not work. Try again.");
  for (const box of list.querySelectorAll("input:checked")) box.checked = false;
  await refreshList();
  if (openId()) await openThread(location.href, { push: false });
}

function showSegments() {
  const field = document.getElementById("reply-body");
  const mark = desk.querySelector("[data-segments]");
  if (!field || !mark) return;
  const { parts, units, room, plain } = count(field.value);
  mark.textContent = field.value
    ? `${parts} ${parts === 1 ? "text" : "texts"} · ${units}/${room}${plain ? "" : " · special letters take more room"}`
    : "";
  mark.classList.toggle("much", parts > 2);
}

function compose(which) {
  for (const part of desk.querySelectorAll("[data-compose-part]")) part.hidden = part.dataset.composePart !== which;
  for (const tab of desk.querySelectorAll("[data-compose-to]")) {
    if (tab.dataset.composeTo === which) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  document.getElementById(`${which}-body`)?.focus();
}

function useKept(link) {
  const field = document.getElementById("reply-body");
  if (!field) return;
  field.value = field.value && field.value !== "/" ? `${field.value.trimEnd()} ${link.dataset.keptBody}` : link.dataset.keptBody;
  link.closest("details").open = false;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

async function earlier(link) {
  const fresh = await ask(link.dataset.older);
  const items = timeline();
  if (!fresh || !items) return;
  const below = items.scrollHeight - items.scrollTop;
  fresh.querySelector("li")?.setAttribute("data-loaded-earlier", "");
  link.closest("li").replaceWith(fresh);
  let last = "";
  for (const day of items.querySelectorAll("[data-day]")) {
    if (day.dataset.day === last) day.remove();
    last = day.dataset.day;
  }
  items.scrollTop = items.scrollHeight - below;
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const take = (selector, what) => {
    const found = target.closest(selector);
    if (!found) return false;
    event.preventDefault();
    what(found);
    return true;
  };
  if (target.closest("#list .line-link[data-thread-link]")) {
    take("[data-thread-link]", (link) => openThread(link.getAttribute("href")));
  } else if (take("[data-back]", closeThread)) {
    // closed
  } else if (take("[data-compose-to]", (tab) => compose(tab.dataset.composeTo))) {
    // switched
  } else if (take("[data-kept-body]", useKept)) {
    // filled in
  } else if (take("[data-older]", earlier)) {
    // loaded
  } else take("[data-help]", () => keys.showModal());
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const how = form.matches("[data-reply], [data-note]") ? write : form.matches("[data-act]") ? act : form.id === "bulk" ? actOnMany : null;
  if (!how || !form.closest("#inbox")) return;
  event.preventDefault();
  how(form, event.submitter);
});

document.addEventListener("input", (event) => {
  if (event.target.id === "reply-body") {
    remember(DRAFTS + openId(), event.target.value);
    showSegments();
    if (event.target.value === "/") {
      const kept = desk.querySelector("[data-kept]");
      if (kept) {
        kept.open = true;
        kept.querySelector("a")?.focus();
      }
    }
  }
});

addEventListener("popstate", () => {
  if (/\/inbox\/[0-9a-f-]{36}$/.test(location.pathname)) openThread(location.href, { push: false });
  else location.reload();
});

// ---- keys

function walk(step) {
  const all = lines();
  if (!all.length) return;
  const from = document.activeElement?.closest?.("[data-thread-link]")?.dataset.threadLink ?? openId();
  const at = all.findIndex((line) => line.dataset.threadLink === from);
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function choose() {
  const line = document.activeElement?.closest?.("li");
  const box = line?.querySelector(".line-choose input");
  if (box) box.checked = !box.checked;
}

function press(key) {
  if (key === "e" || key === "u") {
    const chosen = list.querySelectorAll(".line-choose input:checked").length;
    const name = key === "e" ? "done" : "unread";
    const many = list.querySelector(`#bulk button[value="${name}"]`);
    if (chosen && many) {
      many.click();
      return;
    }
  }
  desk.querySelector(`[data-key="${key}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  const kept = event.target.closest?.("[data-kept][open]");
  if (kept && ["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) {
    event.preventDefault();
    const links = [...kept.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      kept.open = false;
      document.getElementById("reply-body")?.focus();
    } else links[Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), links.length - 1)]?.focus();
    return;
  }
  const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (typing && event.key === "Escape") {
    typing.blur();
    return;
  }
  if (typing || event.target.closest?.("dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "j" || key === "k") walk(key === "j" ? 1 : -1);
  else if (key === "x") choose();
  else if (key === "?") keys.showModal();
  else if (key === "/") document.getElementById("find")?.focus();
  else if (key === "Escape") closeThread();
  else if ("rnaesu".includes(key)) press(key);
  else return;
  event.preventDefault();
});

for (const mark of document.querySelectorAll("[data-help], [data-with-keys]")) mark.hidden = false;
dressDesk();
follow();
