// Draws every [data-chart] element from the JSON that json_script left beside it (core/charts.py embed), or that it
// carries itself where htmx may bring it.
"use strict";

const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");
const print = window.matchMedia("print");
const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false, showTips: false };

// Figures are made with the light colours; in the dark scheme each is replaced by its counterpart.
function recolour(value, colours) {
  if (typeof value === "string") return colours[value.toLowerCase()] ?? value;
  if (Array.isArray(value)) return value.map((item) => recolour(item, colours));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recolour(item, colours)]));
  }
  return value;
}

function draw(element) {
  const figure = JSON.parse(element.dataset.figure ?? document.getElementById(element.dataset.chart).textContent);
  // A window that changes its width asks the place how high it is: a chart of many rows would be cut to the usual height.
  if (figure.layout.height) element.style.minHeight = `${figure.layout.height}px`;
  const colours = darkScheme.matches && !print.matches ? figure.dark : {};
  window.Plotly.react(element, recolour(figure.data, colours), recolour(figure.layout, colours), CONFIG);
}

function drawAll(root) {
  for (const element of root.querySelectorAll("[data-chart]")) draw(element);
}

drawAll(document);
for (const scheme of [darkScheme, print]) scheme.addEventListener("change", () => drawAll(document));
document.addEventListener("htmx:afterSwap", (event) => drawAll(event.detail.target));
