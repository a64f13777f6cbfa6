// The list of columns of a table: shows only those of one kind. Without this file all of them stand there.
"use strict";

for (const region of document.querySelectorAll("[data-column-filter]")) {
  const rows = [...document.querySelectorAll("tr[data-state]")];
  const select = region.querySelector("select");
  const count = region.querySelector("[data-column-count]");

  const stateOf = (row) => {
    const tick = row.querySelector("input[type=checkbox]");
    return tick && tick.checked ? "used" : "left-out";
  };
  const fits = (row, wanted) => !wanted || row.dataset.state === wanted || stateOf(row) === wanted;

  const filter = () => {
    const shown = rows.filter((row) => fits(row, select.value));
    for (const row of rows) row.hidden = !shown.includes(row);
    count.textContent = `${shown.length} of ${rows.length}`;
  };

  select.addEventListener("change", filter);
  region.hidden = false;
  filter();
}
