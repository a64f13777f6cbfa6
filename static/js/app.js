// Small things that make pages nicer; every page works without this file.
//
// Errors under htmx. `base.html` configures htmx once (meta htmx-config, responseHandling): a 4xx answer keeps its
// status, and its .notice is swapped into #messages, wherever the request came from. Here is the rest: an answer
// without a notice (a whole error page, a 5xx, no network) becomes a sentence in the same place.
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

// Copying needs a script, so the button is only there with one.
function offerCopying(root) {
  for (const button of root.querySelectorAll("button[data-copy][hidden]")) {
    if (!navigator.clipboard) return; // only on https and localhost
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      button.textContent = "Copied";
    });
  }
}

// The second press of a double click sends nothing: the page would show what became of it, and not what the first did.
// Only for a while, so that a form whose answer never came can be sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if ("sent" in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  window.setTimeout(() => delete form.dataset.sent, 5000);
});

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

// A whole page where a part was asked for, after a redirect. A poll that ends up there met the login page: the page
// itself finds that out by a reload, so that the way back leads to it and not to its part. A form just goes on.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig, isError } = event.detail;
  const asked = new URL(requestConfig.path, window.location.href).pathname;
  const isElsewhere = xhr.responseURL && new URL(xhr.responseURL).pathname !== asked;
  if (isError || !isElsewhere || !/^\s*<!doctype/i.test(xhr.responseText)) return;
  event.detail.shouldSwap = false;
  if (requestConfig.verb === "get") window.location.reload();
  else window.location.assign(xhr.responseURL);
});
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status >= 500) showMessage("Something went wrong on our side. It has been logged; please try again.");
  else if (!regionOfMessages()?.firstElementChild) showMessage("That is no longer possible here. Reload the page and try again.");
  regionOfMessages()?.scrollIntoView({ block: "nearest" });
});
document.addEventListener("htmx:sendError", () => showMessage("The server cannot be reached. Check the connection and try again."));
document.addEventListener("htmx:load", (event) => {
  showLocalTimes(event.detail.elt);
  offerCopying(event.detail.elt);
});

// Whoever works with the keyboard stays where they were. A button is disabled while its form is sent, and what had the
// focus may be gone after a swap: then the part that was swapped takes it, and the next Tab goes on from there.
let focusBefore = null;
document.addEventListener("htmx:beforeRequest", (event) => {
  const held = document.activeElement;
  focusBefore = held && held !== document.body ? { held, within: event.detail.target.contains(held) ? event.detail.target.id : "" } : null;
});
function keepFocus() {
  if (!focusBefore || document.activeElement !== document.body) return;
  const { held, within } = focusBefore;
  const part = held.isConnected ? held : (document.getElementById(held.id) ?? document.getElementById(within));
  if (part && part !== held) part.tabIndex = -1;
  part?.focus({ preventScroll: true });
}
document.addEventListener("htmx:afterRequest", keepFocus);
document.addEventListener("htmx:afterSettle", keepFocus);

// What opens over the page (the menu, the list of a long page) closes once something in it was chosen, by a click
// beside it, and with Escape.
const OVERLAYS = ".contents details[open], .menu details[open]";
document.addEventListener("click", (event) => {
  for (const overlay of document.querySelectorAll(OVERLAYS)) {
    if (!overlay.contains(event.target) || event.target.closest("a")) overlay.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const overlay = event.key === "Escape" && document.querySelector(OVERLAYS);
  if (!overlay) return;
  overlay.open = false;
  overlay.querySelector("summary").focus();
});

showLocalTimes(document);
offerCopying(document);
// A refused form opens where it says why, also for those who listen.
document.querySelector(".error-summary")?.focus();
