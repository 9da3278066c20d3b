// Looks again and again at a page that waits for something, and goes on once there is something else to see: a page that
// stands still keeps the focus where it is. Without scripts the page asks its browser to load it anew.
const main = document.querySelector("[data-again-in]");

async function hasChanged() {
  const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") return true;
  if (!answer?.ok) return false; // busy, or out of reach for the moment
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("main")?.outerHTML !== main.outerHTML;
}

async function lookAgain() {
  if (await hasChanged()) location.reload();
  else setTimeout(lookAgain, Number(main.dataset.againIn) * 1000);
}

if (main) setTimeout(lookAgain, Number(main.dataset.againIn) * 1000);
