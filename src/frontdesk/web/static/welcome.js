// Guesses what the browser knows: the zone, and from it nothing that a person could not change.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("[data-guess-zone]")) {
  if (!field.value && zone) field.value = zone;
}
const country = (navigator.languages?.[0] ?? navigator.language ?? "").split("-")[1];
for (const choice of document.querySelectorAll("[data-guess-country]")) {
  const known = [...choice.options].some((option) => option.value === country);
  const untouched = !choice.form.elements.business.value;
  if (known && untouched) choice.value = country;
}
// With a live preview nobody needs the button for it.
if (window.htmx || document.querySelector('script[src*="htmx"]')) {
  for (const button of document.querySelectorAll("[data-needs-no-script]")) button.hidden = true;
}
