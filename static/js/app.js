// Small things that make pages nicer; every page works without this file.
//
// Errors under htmx. `base.html` configures htmx once (meta htmx-config, responseHandling): a 4xx answer keeps its
// status and is swapped into #messages, wherever the request came from. Here: what has no fragment to swap
// (a 5xx, no network) becomes a sentence in the same place, and #messages is brought into view when it changes.
"use strict";

const regionOfMessages = () => document.getElementById("messages");

function showMessage(sentence) {
  const region = regionOfMessages();
  if (!region) return;
  const notice = document.createElement("div");
  notice.className = "notice error";
  notice.setAttribute("role", "alert");
  notice.textContent = sentence;
  region.replaceChildren(notice);
  region.scrollIntoView({ block: "nearest" });
}

// Times arrive in UTC and say so; here they become the reader's own, UTC stays in the title.
const FORMATS = {
  datetime: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false },
  date: { day: "numeric", month: "short", year: "numeric" },
};

function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const instant = new Date(element.dateTime);
    const format = FORMATS[element.dataset.local];
    if (format && !Number.isNaN(instant.valueOf())) element.textContent = instant.toLocaleString("en-GB", format);
    element.removeAttribute("data-local");
  }
}

// Selects marked data-submit apply a filter at once; the form's own button is only needed without JavaScript.
function enhanceForms(root) {
  for (const select of root.querySelectorAll("select[data-submit]")) {
    select.removeAttribute("data-submit"); // htmx announces the page itself once more: listen once
    select.addEventListener("change", () => select.form.requestSubmit());
  }
}

// A second press while the first is under way would send a large file twice. The server refuses doubles too.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || !button.dataset.busy || event.defaultPrevented) return;
  window.setTimeout(() => {
    button.disabled = true;
    button.textContent = button.dataset.busy;
  });
});

// Coming back with the browser's Back button restores the page as it was left: with the button disabled.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === regionOfMessages()) event.detail.target.scrollIntoView({ block: "nearest" });
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500) showMessage("Something went wrong on our side. It has been logged; please try again.");
});
document.addEventListener("htmx:sendError", () => showMessage("The server cannot be reached. Check the connection and try again."));
document.addEventListener("htmx:load", (event) => {
  showLocalTimes(event.detail.elt);
  enhanceForms(event.detail.elt);
});

showLocalTimes(document);
enhanceForms(document);
// A refused form opens where it says why, also for those who listen.
document.querySelector(".error-summary")?.focus();
