// Goes anywhere by a few letters: Ctrl-K or Cmd-K on every page, arrows and Enter. Without it the link leads to a page.
const WAIT_MS = 80;
const palette = document.getElementById("palette");
const field = document.getElementById("palette-words");
const found = document.getElementById("palette-found");
const said = palette?.querySelector("[data-palette-said]");
let waiting = 0;
let asking = null;

const options = () => [...found.querySelectorAll("[role=option]")];
const chosen = () => options().findIndex((one) => one.getAttribute("aria-selected") === "true");

function choose(at) {
  const all = options();
  for (const [index, option] of all.entries()) {
    option.id = `palette-option-${index}`;
    option.setAttribute("aria-selected", String(index === at));
  }
  field.setAttribute("aria-expanded", String(all.length > 0));
  if (all[at]) field.setAttribute("aria-activedescendant", all[at].id);
  else field.removeAttribute("aria-activedescendant");
  all[at]?.scrollIntoView({ block: "nearest" });
}

function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  found.replaceChildren(template.content);
  found.dataset.for = field.value;
  const many = options().length;
  // A list without anything to choose would be none.
  found.role = many ? "listbox" : null;
  found.ariaLabel = many ? "Where to go" : null;
  said.textContent = many ? `${many} ${many === 1 ? "place" : "places"} to go` : "Nothing found";
  choose(0);
}

// What was asked last counts; an answer that comes late is not shown.
async function look() {
  asking?.abort();
  asking = new AbortController();
  const asked = new URLSearchParams(new FormData(field.form));
  try {
    const answer = await fetch(`/palette?${asked}`, { headers: { "HX-Request": "true" }, signal: asking.signal });
    if (answer.redirected || answer.status === 401) location.assign("/login");
    else if (answer.ok) show(await answer.text());
    else said.textContent = "That did not work. Press Enter to look on a page of its own.";
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = "There is no connection.";
  }
}

function open() {
  if (palette.open) return;
  palette.showModal();
  field.select();
  look();
}

function steer(event) {
  const last = options().length - 1;
  const to = { ArrowDown: chosen() >= last ? 0 : chosen() + 1, ArrowUp: chosen() <= 0 ? last : chosen() - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    choose(to);
  } else if (event.key === "Enter" && !event.isComposing && found.dataset.for === field.value && options()[chosen()]) {
    event.preventDefault();
    options()[chosen()].click();
  }
}

if (palette) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target === palette) palette.close();
    if (!event.target.closest?.("[data-palette]")) return;
    event.preventDefault();
    open();
  });
  field.addEventListener("keydown", steer);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, WAIT_MS);
  });
}
