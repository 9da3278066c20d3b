// Looks again after a while at a page that waits for something; without scripts the page asks its browser to.
const seconds = Number(document.querySelector("[data-again-in]")?.dataset.againIn);
if (seconds) setTimeout(() => location.reload(), seconds * 1000);
