// Moves the numbers with the slider of the churn definition; without it, "Show what that means" asks the server.
"use strict";

const ask = document.getElementById("ask");
const confirmation = document.getElementById("confirm");
const slider = ask.elements.namedItem("horizon_days");
const rows = new Map(JSON.parse(document.getElementById("impact").textContent).map((row) => [row.days, row]));

function show() {
  const row = rows.get(Number(slider.value));
  if (!row) return;
  for (const place of document.querySelectorAll("[data-impact]")) place.textContent = row[place.dataset.impact];
  for (const notice of document.querySelectorAll("[data-when=too-short]")) notice.hidden = row.fits;
  confirmation.elements.namedItem("horizon_days").value = row.days;
  slider.setAttribute("aria-valuetext", `${row.days} days: churn rate ${row.churn_rate}`);
}

slider.addEventListener("input", show);
// A browser that goes back restores the slider, not what was shown beside it.
window.addEventListener("pageshow", show);
// Gap and active window change every number, and only the server can count anew. It is asked by the button: a page
// that loads by itself would take with it what is typed meanwhile. Until then no number stands beside lengths it is not of.
const typed = ["gap_days", "active_window_days"].map((name) => ask.elements.namedItem(name));
function compareWithWhatIsCounted() {
  const isOther = typed.some((field) => field.value !== field.defaultValue);
  for (const part of document.querySelectorAll("[data-counted]")) part.hidden = isOther;
  for (const part of document.querySelectorAll("[data-when=other-lengths]")) part.hidden = !isOther;
  for (const field of typed) confirmation.elements.namedItem(field.name).value = field.value;
}
for (const field of typed) field.addEventListener("input", compareWithWhatIsCounted);
window.addEventListener("pageshow", compareWithWhatIsCounted);
