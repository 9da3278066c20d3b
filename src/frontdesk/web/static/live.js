// Follows the business's feed and works what it pushes into the page; rows arrive as they are now, in any order.
const RETRY_MS = 3000;
const PANELS = ["pause", "tasks", "glance", "health", "coming"];
let cursor = "";

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function wire(node) {
  window.htmx?.process(node);
}

// What a viewer can tell apart; a row that says the same stays, with its focus and what it has asked the server for.
function content(row) {
  return [row.textContent.replace(/\s+/g, " ").trim(), row.querySelectorAll("a, audio, form").length].join("|");
}

// Ids sort by time, so a row's place follows from its id.
function place(row, list) {
  const known = document.getElementById(row.id);
  if (known) {
    if (content(known) === content(row)) return;
    const held = known.contains(document.activeElement);
    known.replaceWith(row);
    // Whoever walks the timeline by keyboard stays where they are when a row changes under them.
    if (held) row.querySelector("a.who")?.focus();
  } else {
    const later = [...list.querySelectorAll("li.row")].find((other) => other.id < row.id);
    row.classList.add("fresh");
    list.insertBefore(row, later ?? list.querySelector("li.more"));
  }
  wire(row);
}

function showRows(html) {
  const list = document.getElementById("timeline");
  if (!list) return;
  for (const row of parse(html).querySelectorAll("li.row")) place(row, list);
}

function showPanel(id, html) {
  const panel = document.getElementById(id);
  if (!panel) return;
  const held = panel.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  panel.replaceChildren(parse(html));
  wire(panel);
  // Whoever stands on a link of a panel stays on it when its figures change.
  if (held) [...panel.querySelectorAll("a")].find((link) => link.getAttribute("href") === held)?.focus();
}

async function refreshThread(touched) {
  const thread = document.querySelector("[data-thread]");
  if (!thread || !touched.includes(thread.dataset.thread)) return;
  const answer = await fetch(thread.dataset.messages, { headers: { "HX-Request": "true" } });
  const messages = document.getElementById("messages");
  if (!answer.ok || !messages) return;
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  messages.replaceChildren(parse(await answer.text()));
  if (atEnd) messages.scrollTop = messages.scrollHeight;
}

function tell(live) {
  for (const mark of document.querySelectorAll("[data-live]")) {
    mark.hidden = false;
    mark.classList.toggle("lost", !live);
    mark.textContent = live ? "Live" : "Reconnecting…";
  }
}

export function follow() {
  const address = document.getElementById("timeline")?.dataset.stream;
  if (!address) return;
  const url = new URL(address, location.href);
  if (cursor) url.searchParams.set("after", cursor);
  const source = new EventSource(url);
  source.addEventListener("open", () => tell(true));
  source.addEventListener("rows", (event) => showRows(event.data));
  source.addEventListener("threads", (event) => refreshThread(JSON.parse(event.data)));
  for (const panel of PANELS) source.addEventListener(panel, (event) => showPanel(panel, event.data));
  source.addEventListener("cursor", (event) => {
    cursor = event.lastEventId;
  });
  source.addEventListener("reload", () => location.reload());
  source.addEventListener("error", () => {
    tell(false);
    // A browser gives up after a refusal; a server that restarts refuses for a moment.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, RETRY_MS);
  });
}
