// What keeps somebody from reading or using the page as it stands, as a list of sentences: WCAG 2.2, contrast (1.4.3),
// size of targets (2.5.8) and names of controls (4.1.2). Run by scripts/page_faults.py.
(() => {
  const faults = new Set();
  const styleOf = (element) => window.getComputedStyle(element);
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 50);
  const isSeen = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })) return false;
    for (let box = element; box; box = box.parentElement) if (styleOf(box).clipPath.startsWith("inset(50%")) return false;
    return true;
  };

  // --- Contrast ---

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function rgba(colour) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { channels: [red, green, blue], alpha: alpha / 255 };
  }
  const over = (front, back) => front.channels.map((value, i) => value * front.alpha + back[i] * (1 - front.alpha));
  function groundOf(element) {
    const layers = [];
    for (let box = element; box; box = box.parentElement) {
      const layer = rgba(styleOf(box).backgroundColor);
      if (layer.alpha) layers.push(layer);
      if (layer.alpha === 1) break;
    }
    const canvasColour = rgba(styleOf(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#fff");
    return layers.reverse().reduce((ground, layer) => over(layer, ground), canvasColour.channels);
  }
  const luminance = (channels) => channels
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  function contrast(element) {
    const ground = groundOf(element);
    const [bright, dim] = [luminance(over(rgba(styleOf(element).color), ground)), luminance(ground)].sort((a, b) => b - a);
    return (bright + 0.05) / (dim + 0.05);
  }
  function neededContrast(element) {
    const { fontSize, fontWeight } = styleOf(element);
    const size = parseFloat(fontSize);
    return size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
  }
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    // A button that cannot be used now is excepted; colours of SVG are fills.
    if (!walk.currentNode.data.trim() || element.closest("svg, select, script, style, noscript, :disabled, [aria-disabled=true], .js-plotly-plot")) continue;
    // What leads past the menu stands outside the page until it has the focus.
    if (!isSeen(element) || element.getBoundingClientRect().bottom < 0) continue;
    const found = contrast(element);
    if (found < neededContrast(element)) faults.add(`"${short(walk.currentNode.data)}" has a contrast of ${found.toFixed(2)}`);
  }

  // --- Targets ---

  const LEAST = 24;
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab]";
  // What a table has to the side of its window is reached by moving the table.
  const isMovedOut = (control) => {
    const { left, width } = control.getBoundingClientRect();
    const middle = left + width / 2;
    for (let box = control.parentElement; box; box = box.parentElement) {
      const edge = box.getBoundingClientRect();
      if (styleOf(box).overflowX !== "visible" && (middle >= edge.right || middle <= edge.left)) return true;
    }
    return false;
  };
  const controls = [...document.querySelectorAll(CONTROLS)].filter((control) => isSeen(control) && !isMovedOut(control) && !control.closest(".skip, .js-plotly-plot"));
  // What stays in view while the page moves is beside everything once, and beside nothing for long.
  const staysInView = (control) => {
    for (let box = control; box; box = box.parentElement) if (["sticky", "fixed"].includes(styleOf(box).position)) return box;
    return null;
  };
  const boxOf = (control) => {
    const boxes = [control, ...(control.labels ?? [])].map((part) => part.getBoundingClientRect()).filter((box) => box.width);
    const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
    const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
    return { left, top, right, bottom, x: (left + right) / 2, y: (top + bottom) / 2, isSmall: right - left < LEAST - 0.5 || bottom - top < LEAST - 0.5 };
  };
  // A link within a sentence is as high as its line.
  const isInline = (control) => styleOf(control).display === "inline"
    && [...control.parentElement.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && /\w/.test(node.data));
  const targets = controls.map((control) => ({ control, box: boxOf(control), stays: staysInView(control) }));
  // A link over two lines is where its lines are, not what lies between them.
  const distance = (control, x, y) => Math.min(...[...control.getClientRects()].map((box) =>
    Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom))));
  for (const { control, box, stays } of targets) {
    if (!box.isSmall || isInline(control)) continue;
    const crowded = targets.find(({ control: other, box: near, stays: beside }) => other !== control && stays === beside && !other.contains(control) && !control.contains(other)
      && (near.isSmall ? Math.hypot(near.x - box.x, near.y - box.y) < LEAST - 0.5 : distance(other, box.x, box.y) < LEAST / 2 - 0.5));
    if (crowded) faults.add(`"${short(control.textContent || control.name)}" is too small beside "${short(crowded.control.textContent || crowded.control.name)}"`);
  }

  // --- Names ---

  for (const control of controls) {
    const labels = [...(control.labels ?? [])].map((label) => label.textContent + (label.querySelector("img")?.alt ?? "")).join("");
    const others = (control.getAttribute("aria-labelledby") ?? "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join("");
    const image = control.querySelector("img[alt], svg[aria-label]");
    const own = control.matches("input[type=submit], input[type=button], input[type=reset]") ? control.value : control.matches("input, select, textarea") ? "" : control.textContent;
    const name = [own, control.getAttribute("aria-label"), others, labels, control.title, image?.alt, image?.getAttribute("aria-label")].join("").trim();
    if (!name) faults.add(`${control.localName} ${control.name ?? ""} has no name`);
  }
  return [...faults];
})()
