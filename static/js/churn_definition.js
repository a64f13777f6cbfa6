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
// Gap and active window change every number: the server counts anew.
for (const name of ["gap_days", "active_window_days"]) {
  ask.elements.namedItem(name).addEventListener("change", () => ask.requestSubmit());
}
