"""Measure in a browser what is cut or broken on a page, and what somebody could not read or use there."""

import time
from functools import cache
from importlib.resources import files
from pathlib import Path

MEASURE = Path(__file__).with_suffix(".js").read_text()
MEASURE_ACCESS = Path(__file__).with_name("page_access.js").read_text()

# What axe-core finds by the rules of WCAG 2.2 AA; what is moderate or minor is advice. No `preload`: it would
# write style sheets into the page, which our content security policy refuses.
RUN_AXE = """
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const rules = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"], preload: false };
axe.run({ exclude: [".js-plotly-plot"] }, rules).then((result) => done(
  result.violations.filter((rule) => ["serious", "critical"].includes(rule.impact)).flatMap((rule) =>
    rule.nodes.slice(0, 3).map((node) =>
      `${rule.help} (${rule.id}), ${rule.impact}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`))));
"""

# A wide screen, a small tablet, and the two widths that most telephones have.
WIDTHS = (1440, 768, 390, 360)
# Seconds after which a fault counts.
PATIENCE = 6.0


def set_window(browser, width: int, *, height: int = 900, scheme: str = "light") -> None:
    """Give the page a window of this width; the narrow ones are telephones."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def page_faults(browser, *, patience: float = PATIENCE) -> list[str]:
    """Return a sentence about each thing that is cut or broken in the window as it is."""
    return _lasting(browser, MEASURE, patience)


def access_faults(browser, *, patience: float = PATIENCE) -> list[str]:
    """Return a sentence about each contrast that is too low, target too small and control without a name."""
    return _lasting(browser, MEASURE_ACCESS, patience)


def axe_faults(browser) -> list[str]:
    """Return a sentence about each thing that axe-core calls serious or critical, with the element."""
    browser.execute_script(_axe())
    return browser.execute_async_script(RUN_AXE)


@cache
def _axe():
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


def _lasting(browser, measure, patience):
    # Charts follow a window that has changed, and colours a scheme, on a busy machine late.
    until = time.monotonic() + patience
    while (found := browser.execute_script(f"return (\n{measure})")) and time.monotonic() < until:
        time.sleep(0.3)
    return found
