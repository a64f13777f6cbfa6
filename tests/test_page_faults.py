"""What `make screenshots` measures is found where it stands, and nothing where all is well."""

from urllib.parse import quote

import pytest

from scripts.page_faults import access_faults, page_faults, set_window

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
    '"Profit in euros" is cut in the chart': (
        "<div data-chart='profit' style='width:90px'><svg width='90' height='30' style='overflow:hidden'>"
        "<text x='40' y='20'>Profit in euros</text></svg></div>"
    ),
}
USABLE = (
    "<p>Words with <a href=''>a link</a> among them</p><p><label><input type='checkbox'> Agreed</label></p>"
    "<p style='color:#767676'>Quiet words</p><p style='color:#949494;font-size:24px'>Large quiet words</p>"
    "<button disabled style='color:#ccc'>Not now</button>"
    # What stays in view is beside everything once; what a table has at its side is reached by moving it.
    "<a href='' style='position:absolute;top:400px;width:20px;font-size:9px'>one</a>"
    "<a href='' style='position:fixed;top:404px;width:20px;font-size:9px'>Next</a>"
    "<div style='overflow:auto;width:90px;font-size:12px;line-height:12px'><div style='width:400px'>"
    "<a href='' style='display:block;width:20px;margin-left:200px'>two</a>"
    "<a href='' style='display:block;width:20px;margin-left:200px'>three</a></div></div>"
)
UNUSABLE = {
    '"Pale words" has a contrast of': "<p style='color:#888'>Pale words</p>",
    '"Through" has a contrast of': "<p style='background:#222'><b style='color:#555'>Through</b></p>",
    '"one" is too small beside "two"': (
        "<div style='line-height:12px;font-size:12px'><a href='' style='display:block;width:20px'>one</a>"
        "<a href='' style='display:block;width:20px'>two</a></div>"
    ),
    "input q has no name": "<input name='q' placeholder='Find'>",
    "button  has no name": "<button style='width:30px;height:30px'></button>",
}


def faults_of(browser, body, measure=page_faults):
    set_window(browser, 390)
    browser.get("data:text/html;charset=utf-8," + quote(PAGE % body))
    # Nothing on these pages comes late.
    return measure(browser, patience=0)


def test_nothing_is_said_of_a_page_where_all_is_well(browser):
    assert faults_of(browser, WELL) == []


def test_each_fault_is_found(browser):
    for sentence, body in FAULTY.items():
        found = faults_of(browser, body)
        assert any(sentence in fault for fault in found), f"{sentence}: {found}"


def test_nothing_is_said_of_a_page_that_everybody_can_use(browser):
    assert faults_of(browser, USABLE, access_faults) == []


def test_each_obstacle_is_found(browser):
    for sentence, body in UNUSABLE.items():
        found = faults_of(browser, body, access_faults)
        assert any(sentence in fault for fault in found), f"{sentence}: {found}"
