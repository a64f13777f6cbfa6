"""What `make screenshots` measures is found where it is, and nothing where all is well."""

from urllib.parse import quote

import pytest

from scripts.page_faults import page_faults, set_window

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><style>
body { margin: 0; font: 16px sans-serif } .panel { width: 200px; padding: 8px } td { border: 1px solid }
</style><main>%s</main>"""
WELL = (
    "<div class='panel'><p>Words of an ordinary length, and (<b>in brackets</b>) more.</p></div>"
    "<p style='position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)'>For some</p>"
    "<div style='overflow:auto;width:90px' data-sideways><p style='width:400px'>As it was sent</p></div>"
    "<p style='width:60px;overflow-wrap:anywhere'>Donaudampfschifffahrtsgesellschaft</p>"
)
FAULTY = {
    "px wide in a window of 390 px": "<div style='width:500px'>wide</div>",
    "Customers: 310 px of it are hidden": (
        "<div style='overflow:auto;width:90px' aria-label='Customers'><p style='width:400px'>risk</p></div>"
    ),
    "is cut at the side": "<p style='width:60px;overflow:hidden;white-space:nowrap'>A name that goes on</p>",
    "is cut below or above": "<p style='height:20px;width:90px;overflow:hidden'>A name that goes on</p>",
    "sticks out of its box": "<button style='width:40px;white-space:nowrap'>Download as CSV</button>",
    "input is wider than its card": "<div class='panel'><input style='width:300px'></div>",
    '"Gesellschaft" is broken': "<p style='width:50px;overflow-wrap:anywhere'>Gesellschaft</p>",
    "a lone bracket": "<p style='display:flex'><a href=''>v2</a>(<a href=''>default</a>)</p>",
    'the chart "Found" is empty': "<div data-chart='roc' aria-label='Found' style='height:9px'></div>",
}


def faults_of(browser, body):
    set_window(browser, 390)
    browser.get("data:text/html;charset=utf-8," + quote(PAGE % body))
    return page_faults(browser)


def test_nothing_is_said_of_a_page_where_all_is_well(browser):
    assert faults_of(browser, WELL) == []


def test_each_fault_is_found(browser):
    for sentence, body in FAULTY.items():
        found = faults_of(browser, body)
        assert any(sentence in fault for fault in found), f"{sentence}: {found}"
