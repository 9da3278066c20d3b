// Makes the calendar lively: moves without loading the page, follows other people's changes, drags appointments.
const SNAP_ROWS = 3; // fifteen minutes
const TYPING_MS = 250;
const MINUTE_MS = 60_000;
const STARTED_PX = 5;
const PRESSED_MS = 450;
const root = document.getElementById("agenda");
let source = null;
let busy = 0;
let drag = null;
let refreshing = false;

const board = () => root.querySelector("[data-agenda-board]");

function say(words) {
  const place = root.querySelector("[data-agenda-words]");
  if (place) place.textContent = words;
}

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// What was scrolled, focused and half typed stays so when the part is put in anew.
function keep() {
  const held = document.activeElement;
  const key = held?.id ? `#${CSS.escape(held.id)}` : held?.getAttribute?.("href") ? `a[href="${CSS.escape(held.getAttribute("href"))}"]` : "";
  const was = board();
  const side = root.querySelector(".agenda-side");
  return {
    key: root.contains(held) ? key : "",
    caret: held?.selectionStart ?? null,
    top: was?.scrollTop ?? null,
    left: was?.scrollLeft ?? 0,
    side: side?.scrollTop ?? 0,
    opened: Boolean(side),
    look: was?.dataset.look,
  };
}

function restore(kept) {
  const now = board();
  if (now) {
    if (kept.top !== null) now.scrollTo(kept.left, kept.top);
    else scrollToWork();
  }
  const side = root.querySelector(".agenda-side");
  if (side && kept.opened) side.scrollTop = kept.side;
  const held = kept.key && root.querySelector(kept.key);
  if (held) {
    held.focus({ preventScroll: true });
    try {
      if (kept.caret !== null) held.setSelectionRange(kept.caret, kept.caret);
    } catch {
      // a field without a caret has none to put back
    }
  }
}

function scrollToWork() {
  const now = board();
  const first = now?.querySelector(".agenda-now") ?? now?.querySelector(".agenda-entry:not(.busy)") ?? now?.querySelector(".agenda-free");
  const cells = now?.querySelector("[data-cells]");
  if (first && cells) now.scrollTop = Math.max(first.offsetTop - cells.offsetTop - 90, 0);
}

async function go(address, { method = "GET", body = null, push = true, focus = true } = {}) {
  const turn = ++busy;
  let answer;
  try {
    answer = await fetch(address, { method, body, headers: { "HX-Request": "true", Accept: "text/html" } });
  } catch {
    say("That did not work: there is no connection. Nothing was changed.");
    return false;
  }
  const kind = answer.headers.get("content-type") ?? "";
  if (!kind.startsWith("text/html") || (answer.status !== 200 && answer.status !== 409 && answer.status !== 422)) {
    location.assign(method === "GET" ? address : location.href);
    return false;
  }
  const html = await answer.text();
  if (turn !== busy) return answer.ok;
  const kept = keep();
  root.replaceChildren(parse(html));
  if (push && answer.url && method === "GET") history.pushState(null, "", address);
  else if (push && answer.redirected) history.pushState(null, "", answer.url);
  restore(kept);
  const alert = root.querySelector(".agenda-side [role=alert]");
  if (focus && (alert || !kept.opened)) root.querySelector("[data-focus]")?.focus({ preventScroll: true });
  if (alert) root.querySelector(".agenda-side").scrollTop = 0;
  follow();
  return answer.ok;
}

// What others did appears on the board; a form that somebody is at stays as it is, and is judged when it is sent.
async function refresh() {
  if (drag || refreshing) return;
  refreshing = true;
  const turn = busy;
  try {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true", Accept: "text/html" } });
    if (answer.status !== 200) return;
    const fresh = parse(await answer.text());
    if (turn !== busy || drag) return;
    const kept = keep();
    for (const part of ["[data-agenda-board]", ".agenda-side"]) {
      const old = root.querySelector(part);
      const now = fresh.querySelector(part);
      const held = part === ".agenda-side" && (old?.querySelector("#agenda-new, .agenda-do[open], [role=alert]") || !now);
      if (old && now && !held) old.replaceWith(now);
    }
    restore(kept);
  } catch {
    // the next word of the stream, or the next minute, asks again
  } finally {
    refreshing = false;
  }
}

function follow() {
  const now = board();
  if (!now) return;
  const address = new URL(now.dataset.stream, location.href).href;
  if (source?.address === address && source.feed.readyState !== EventSource.CLOSED) return tell(source.feed.readyState === EventSource.OPEN);
  source?.feed.close();
  const feed = new EventSource(address);
  source = { address, feed };
  feed.addEventListener("open", () => tell(true));
  feed.addEventListener("mark", (event) => {
    if (event.data !== board()?.dataset.mark) refresh();
  });
  feed.addEventListener("error", () => {
    tell(false);
    if (feed.readyState === EventSource.CLOSED) setTimeout(follow, 3000);
  });
}

function tell(live) {
  for (const mark of root.querySelectorAll("[data-agenda-live]")) {
    mark.hidden = false;
    mark.classList.toggle("lost", !live);
    mark.textContent = live ? "Live" : "Reconnecting…";
  }
}

// Links and forms of the page are followed without loading it anew.
root.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-soft]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.href);
});

function sent(form, submitter) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, submitter)) body.append(name, value);
  return body;
}

root.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-soft]");
  if (!form) return;
  event.preventDefault();
  const body = sent(form, event.submitter);
  if (form.method === "get") go(`${form.getAttribute("action")}?${body}`);
  else if (!form.dataset.sending) {
    form.dataset.sending = "yes";
    go(form.action, { method: "POST", body }).finally(() => {
      delete form.dataset.sending;
      for (const one of form.querySelectorAll("[aria-busy]")) one.removeAttribute("aria-busy");
    });
  }
});

function look(form) {
  const body = sent(form);
  body.set("step", "look");
  go(form.action, { method: "POST", body, focus: false });
}

let typing = 0;
root.addEventListener("input", (event) => {
  if (event.target.dataset.look !== "typing") return;
  clearTimeout(typing);
  typing = setTimeout(() => look(event.target.form), TYPING_MS);
});

root.addEventListener("change", (event) => {
  const form = event.target.form;
  if (event.target.dataset.look === "") look(form);
  else if (event.target.type === "date" && form?.matches("[data-soft][method=get]") && event.target.value) form.requestSubmit();
});

window.addEventListener("popstate", () => go(location.href, { push: false }));

// T, D, W, L, N, the arrows and Escape do what the links that name them do.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drag) return drop(null);
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const typed = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, dialog");
  if (typed && event.key !== "Escape") return;
  if (event.target.closest("[type=radio], [type=checkbox]") && event.key.startsWith("Arrow")) return;
  const link = root.querySelector(`[data-key="${CSS.escape(event.key.length === 1 ? event.key.toLowerCase() : event.key)}"]`);
  if (!link) return;
  event.preventDefault();
  const opened = root.querySelector(".agenda-entry [aria-current]")?.getAttribute("href");
  go(link.href).then(() => {
    if (event.key === "Escape" && opened) root.querySelector(`a[href="${CSS.escape(opened)}"]`)?.focus({ preventScroll: true });
  });
});

// An appointment is lifted, follows the pointer in steps of fifteen minutes, and says whether it fits.
root.addEventListener("pointerdown", (event) => {
  const link = event.target.closest("[data-move]");
  if (!link || event.button || !board()?.dataset.csrf || !matchMedia("(min-width: 721px)").matches) return;
  if (board().classList.contains("listed")) return;
  const entry = link.closest(".agenda-entry");
  drag = {
    link,
    entry,
    x: event.clientX,
    y: event.clientY,
    grip: event.clientY - entry.getBoundingClientRect().top,
    rows: Number(link.dataset.rows),
    free: null,
    ghost: null,
    pressed: null,
  };
  // A finger that stays lifts; one that goes on its way scrolls, as it does everywhere.
  if (event.pointerType === "touch") drag.pressed = setTimeout(liftByTouch, PRESSED_MS);
});

function liftByTouch() {
  if (!drag || drag.ghost) return;
  navigator.vibrate?.(15);
  lift();
  place();
}

root.addEventListener(
  "touchmove",
  (event) => {
    if (drag?.ghost) event.preventDefault();
  },
  { passive: false },
);
root.addEventListener("contextmenu", (event) => {
  if (drag?.pressed) event.preventDefault();
});

root.addEventListener("dragstart", (event) => event.preventDefault());

async function lift() {
  const held = drag;
  board().classList.add("dragging");
  held.entry.classList.add("lifted");
  held.ghost = document.createElement("li");
  held.ghost.setAttribute("aria-hidden", "true");
  const { base, look: shown } = board().dataset;
  const answer = await fetch(`${base}/a/${held.link.dataset.move}/free?${shown}`, { headers: { Accept: "application/json" } });
  if (!answer.ok || drag !== held) return;
  held.free = new Map((await answer.json()).free.map(([column, row, at, resource]) => [`${column} ${row}`, { at, resource }]));
  place();
}

function place() {
  const { x, y, grip, ghost, rows, free } = drag;
  const under = [...root.querySelectorAll("[data-column]")].find((one) => {
    const box = one.getBoundingClientRect();
    return x >= box.left && x < box.right;
  });
  const cells = under?.querySelector("[data-cells]");
  if (!cells || !ghost) return;
  const height = cells.getBoundingClientRect().height / Number(cells.firstElementChild.className.match(/ l(\d+)/)[1]);
  const row = Math.max(Math.round((y - grip - cells.getBoundingClientRect().top) / height / SNAP_ROWS) * SNAP_ROWS, 0) + 1;
  drag.spot = free?.get(`${under.dataset.column} ${row}`) ?? null;
  ghost.className = `agenda-ghost s${row} l${rows} ${free ? (drag.spot ? "fits" : "") : "asking"}`;
  ghost.textContent = drag.spot ? clock(row) : free ? "Not free" : "…";
  if (ghost.parentNode !== cells) cells.append(ghost);
}

// The clock down the side knows what a row is called; the page never reckons with time itself.
function clock(row) {
  const hours = [...board().querySelectorAll(".agenda-hour")].map((one) => [Number(one.className.match(/s(\d+)/)[1]), one.textContent.trim()]);
  const [start, words] = hours.filter(([at]) => at <= row).at(-1) ?? [1, ""];
  const minutes = (row - start) * 5;
  return minutes ? words.replace(/^(\d+)/, `$1:${String(minutes).padStart(2, "0")}`) : words;
}

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > STARTED_PX;
  if (!drag.ghost && !far) return;
  if (!drag.ghost && drag.pressed) {
    clearTimeout(drag.pressed);
    drag = null;
    return;
  }
  drag.x = event.clientX;
  drag.y = event.clientY;
  if (!drag.ghost) lift();
  place();
});

document.addEventListener("pointerup", () => {
  if (!drag) return;
  clearTimeout(drag.pressed);
  if (!drag.ghost) drag = null;
  else drop(drag.spot ?? undefined);
});
document.addEventListener("pointercancel", () => {
  if (!drag) return;
  clearTimeout(drag.pressed);
  drop(null);
});

function drop(spot) {
  const { link, entry, ghost } = drag;
  ghost?.remove();
  entry.classList.remove("lifted");
  board().classList.remove("dragging");
  const lifted = Boolean(ghost);
  drag = null;
  // The click that ends a drag opens nothing.
  if (lifted) {
    const stop = (event) => {
      event.preventDefault();
      event.stopPropagation();
    };
    root.addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => root.removeEventListener("click", stop, { capture: true }), 0);
  }
  if (spot === undefined) say("Not moved: that time is not free.");
  if (!spot) return;
  const { base, look: shown, csrf } = board().dataset;
  const body = new URLSearchParams({ csrf, revision: link.dataset.revision, at: spot.at, resource_id: spot.resource, tell: "yes" });
  go(`${base}/a/${link.dataset.move}/move?${shown}`, { method: "POST", body });
}

root.classList.add("lively");
setInterval(() => {
  if (document.visibilityState === "visible") refresh();
}, MINUTE_MS);
if (!location.hash) scrollToWork();
follow();
