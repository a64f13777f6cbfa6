// What is cut or broken on the page as it stands in its window, as a list of sentences. Run by scripts/page_faults.py.
(() => {
  const faults = new Set();
  const width = document.documentElement.clientWidth;
  const named = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].slice(0, 2).map((name) => `.${name}`).join("");
    return `${element.localName}${id}${classes}`;
  };
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 60);
  const styleOf = (element) => window.getComputedStyle(element);

  // Words for screen readers are cut on purpose (so are headings of a table that stands as a list); what a closed list,
  // a picture or a field holds goes its own ways.
  const OWN_WAYS = "svg, .hidden-visually, .visually-hidden, .skip, select, option, textarea, script, style, noscript, .js-plotly-plot";
  const VISIBLE = { opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true };
  function isSeen(element) {
    if (!element.checkVisibility(VISIBLE)) return false;
    for (let box = element; box; box = box.parentElement) if (styleOf(box).clipPath.startsWith("inset(50%")) return false;
    return true;
  }

  if (document.documentElement.scrollWidth > width) {
    faults.add(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${width} px`);
  }

  // A table that has more to the side than its window shows hides columns. Where that cannot be otherwise (a file as it
  // was sent) the region says so, and the first column stays.
  const SIDEWAYS = "[data-sideways], #changelist .results, .wide-table";
  const scrolls = (element) => ["auto", "scroll"].includes(styleOf(element).overflowX);
  for (const region of document.querySelectorAll("body *")) {
    if (region.scrollWidth > region.clientWidth + 1 && !region.closest(`${OWN_WAYS}, ${SIDEWAYS}`) && scrolls(region) && isSeen(region)) {
      const name = region.getAttribute("aria-label") ?? named(region);
      faults.add(`${name}: ${region.scrollWidth - region.clientWidth} px of it are hidden at the side`);
    }
  }

  // What stands in a card ends in it, also a field or a picture.
  for (const part of document.querySelectorAll(":is(.panel, .card, .notice) :is(input, select, button, img, table, dl, ul)")) {
    if (!isSeen(part) || part.closest(SIDEWAYS)) continue;
    const card = part.closest(".panel, .card, .notice");
    if (part.getBoundingClientRect().right > card.getBoundingClientRect().right + 1) faults.add(`${named(part)} is wider than its card`);
  }

  const BOXES = "td, th, button, .btn, .badge, .tier, .card, .panel, .notice, main";
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const hidesAt = (element, side) => ["hidden", "clip"].includes(styleOf(element)[side]);

  function cutBy(rect, text) {
    let isInBox = false;
    for (let box = text.parentElement; box && box !== document.body; box = box.parentElement) {
      const edge = box.getBoundingClientRect();
      const isBeside = rect.right > edge.right + 1 || rect.left < edge.left - 1;
      if (isBeside && !isInBox && box.matches(BOXES)) return "sticks out of its box";
      if (isBeside && hidesAt(box, "overflowX")) return "is cut at the side";
      if (hidesAt(box, "overflowY") && (rect.bottom > edge.bottom + 2 || rect.top < edge.top - 2)) return "is cut below or above";
      if (scrolls(box)) return null;
      isInBox ||= box.matches(BOXES);
    }
    return null;
  }

  // Between hyphens and slashes a line may end; elsewhere only in a word that no line of a narrow window would hold.
  const LONGEST_WORD = 24;
  function brokenWords(text) {
    for (const { 0: word, index } of text.data.matchAll(/[^\s\u200b\u2013\u2014/@.,;:+*?&=-]{2,}/g)) {
      if (word.length > LONGEST_WORD) continue;
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const lines = new Set([...range.getClientRects()].filter((rect) => rect.width > 0).map((rect) => Math.round(rect.top)));
      if (lines.size > 1) faults.add(`"${word}" is broken, in ${named(text.parentElement)}`);
    }
  }

  while (walk.nextNode()) {
    const text = walk.currentNode;
    const element = text.parentElement;
    if (!text.data.trim() || element.closest(OWN_WAYS) || !isSeen(element)) continue;
    // Beside a link in a row of items a bracket becomes an item of its own. What programs wrote, as the admin shows it, has empty ones.
    const isItem = /flex|grid/.test(styleOf(element).display) && /^[()[\]]+$/.test(text.data.trim());
    if (isItem || (/[([]\s*[)\]]/.test(text.data) && !element.closest("pre, code, .readonly"))) faults.add(`a lone bracket, in ${named(element)}`);
    range.selectNodeContents(text);
    for (const rect of range.getClientRects()) {
      const cut = rect.width > 0 && cutBy(rect, text);
      if (cut) faults.add(`"${short(text.data)}" ${cut}`);
    }
    if (!element.closest(".readonly")) brokenWords(text);
  }

  for (const place of document.querySelectorAll("[data-chart]")) {
    if (!isSeen(place)) continue;
    if (!place.querySelector("svg")) faults.add(`the chart "${place.getAttribute("aria-label")}" is empty`);
    const frame = place.getBoundingClientRect();
    for (const words of place.querySelectorAll("svg text")) {
      const box = words.getBoundingClientRect();
      const isOutside = box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
      if (box.width && isOutside) faults.add(`"${short(words.textContent)}" is cut in the chart "${place.getAttribute("aria-label")}"`);
    }
  }
  return [...faults];
})()
