"""What every component promises to its reader, and what every template owes the content security policy."""

import datetime as dt
import json
import re
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context, engines
from django.template.loader import get_template
from django.test import RequestFactory

TEMPLATE_FILES = sorted(
    path
    for path in settings.BASE_DIR.rglob("*.html")
    if "templates" in path.parts
    and not {".venv", "var", "node_modules"} & set(path.relative_to(settings.BASE_DIR).parts)
)


def draw(source, **context):
    return engines["django"].from_string("{% load core_tags %}" + source).template.render(Context(context))


def component(name, **context):
    return get_template(f"components/{name}.html").template.render(Context(context))


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


class CustomerFile(forms.Form):
    name = forms.CharField(help_text="How you find it again.")
    note = forms.CharField(required=False)
    rows = forms.ChoiceField(
        label="Bad rows", widget=forms.RadioSelect, choices=[("stop", "Stop"), ("skip", "Skip")]
    )
    mail = forms.BooleanField(label="Mail me", required=False)


# --- Every template ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_every_template_compiles_and_leaves_the_content_security_policy_whole(path):
    source = path.read_text()
    engines["django"].from_string(source)

    written = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", source, flags=re.DOTALL)

    assert not re.search(r"\sstyle\s*=", written), "a style attribute is refused by the browser"
    assert not re.search(r"<style\b", written), "an inline style sheet is refused by the browser"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", written), (
        "an inline event handler is refused by the browser"
    )
    assert not re.search(r"<script(?![^>]*\bsrc=)", written), "an inline script is refused by the browser"
    assert not re.search(r"hx-on|hx-vals=[\"']js:", written), "htmx may not evaluate code"
    assert not re.search(r"(src|href)=[\"'](https?:)?//", written), "nothing is loaded from another machine"


def test_htmx_is_told_once_to_do_without_inline_styles_and_eval():
    source = (settings.BASE_DIR / "templates/base.html").read_text()

    config = json.loads(re.search(r"name=\"htmx-config\" content='(.*?)'", source).group(1))

    assert config["includeIndicatorStyles"] is False
    assert config["allowEval"] is False
    assert config["allowScriptTags"] is False


def test_htmx_shows_a_refusal_in_the_messages_and_keeps_its_status():
    source = (settings.BASE_DIR / "templates/base.html").read_text()

    handling = json.loads(re.search(r"name=\"htmx-config\" content='(.*?)'", source).group(1))[
        "responseHandling"
    ]
    first_match = next(rule for rule in handling if re.fullmatch(rule["code"], "409"))

    assert first_match["swap"] is True
    assert first_match["error"] is True
    assert (first_match["target"], first_match["swapOverride"]) == ("#messages", "innerHTML")
    assert first_match["select"] == ".notice"
    assert 'class="notice' in component("_refusal", error="No.")


# --- The frame ---------------------------------------------------------------------------------------------


def test_a_member_finds_the_navigation_once_beside_the_page_and_once_in_the_menu():
    member = SimpleNamespace(
        company=SimpleNamespace(name="Northwind"),
        role=SimpleNamespace(label="Developer"),
        account=SimpleNamespace(email="dana@northwind.example"),
    )
    navigation = [
        {"label": "Home", "url": "/dev/", "current": False},
        {"label": "Alerts", "url": "/dev/alerts/", "current": True, "count": 3},
    ]

    page = get_template("base.html").template.render(
        Context({"portal": "dev", "member": member, "navigation": navigation})
    )

    assert page.count('href="/dev/alerts/" aria-current="page"') == 2
    assert page.count('href="/dev/"') == 2
    assert "Northwind" in page and "dana@northwind.example" in page
    assert "<summary>Menu</summary>" in page


def test_somebody_unknown_is_offered_the_way_in():
    page = get_template("base.html").template.render(Context({"portal": None}))

    assert "Log in" in page
    assert "Register" in page
    assert "<summary>Menu</summary>" not in page


def test_the_first_thing_the_keyboard_reaches_is_the_way_past_the_navigation():
    page = get_template("base.html").template.render(Context({"portal": None}))

    assert re.search(r"<a [^>]*href=\"#main\"", page).start() == page.index("<a ")
    assert 'id="main"' in page


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_say_what_to_do_without_knowing_anybody(name):
    page = get_template(name).template.render(Context({}))

    assert len(re.findall(r"<h1>\s*\w", page)) == 1
    assert 'class="btn primary"' in page


# --- Components --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["low", "MEDIUM", "High", "critical"])
def test_a_tier_is_a_word_and_a_shape_never_colour_alone(tier):
    html = component("_tier", tier=tier)
    sheet = (settings.BASE_DIR / "static/css/churnbuster.css").read_text()

    assert words(html) == tier.capitalize()
    assert f'class="tier {tier.lower()}"' in html
    assert f".tier.{tier.lower()}::before {{ content:" in sheet


def test_a_tier_can_carry_its_count():
    assert words(component("_tier", tier="critical", count=1412)) == "Critical 1,412"
    assert words(component("_tier", tier="critical", count=0)) == "Critical 0"


def test_a_card_stands_beside_what_it_is_compared_with():
    html = component(
        "_card", label="Critical", value="412", compare="+12 since March", trend="bad", direction="up"
    )

    assert words(html) == "Critical 412 ▲ +12 since March"


def test_bars_are_a_table_whose_longest_bar_fills_the_width():
    html = component(
        "_bars",
        rows=[{"label": "Contract", "value": 0.2, "text": "0.200"}, {"label": "tenure", "value": -0.1}],
    )

    assert re.findall(r"<rect width=\"([^\"]+)\"", html) == ["100.00%", "50.00%"]
    assert words(html).endswith("Contract 0.200 tenure -0.1")


def test_a_histogram_repeats_its_numbers_in_a_table():
    bins = [
        {"start": 0.0, "end": 0.5, "count": 1500, "tone": "low"},
        {"start": 0.5, "end": 1.0, "count": 500, "tone": "critical"},
    ]

    html = component("_histogram", bins=bins, label="Most stay.", x_label="Probability", y_label="Customers")

    table = words(html[html.index("<tbody>") :])
    assert table.startswith("0.0 \u2013 0.5 1,500 75.0")
    assert "All 2,000" in table
    assert '<rect class="low"' in html and '<rect class="critical"' in html


def test_two_histograms_that_name_each_other_share_a_scale():
    low, high = (
        {"start": 0.0, "end": 1.0, "count": count, "beside": other} for count, other in ((40, 900), (900, 40))
    )

    scales = [
        re.findall(r"text-anchor=\"end\">([^<]+)<", component("_histogram", bins=[bins]))
        for bins in (low, high)
    ]

    assert scales[0] and scales[0] == scales[1]


def test_a_histogram_shows_one_customer_among_a_million():
    bins = [
        {"start": 0, "end": 1, "count": 1_000_000},
        {"start": 1, "end": 2, "count": 1},
        {"start": 2, "end": 3, "count": 0},
    ]

    heights = re.findall(r"<rect [^>]*height=\"([^\"]+)\"", component("_histogram", bins=bins))

    assert [float(height) for height in heights] == [160.0, 1.5, 0.0]


def test_a_split_bar_lays_its_parts_end_to_end():
    parts = [{"label": "Low", "count": 3, "tone": "low"}, {"label": "High", "count": 1, "tone": "high"}]

    html = component("_split", parts=parts, label="Three of four are low.")

    assert re.findall(r" x=\"([^\"]+)\" width=\"([^\"]+)\"", html) == [
        ("0.00%", "75.00%"),
        ("75.00%", "25.00%"),
    ]
    assert "Low 3 75.0" in words(html)


@pytest.mark.parametrize("name", ["_bars", "_histogram", "_split"])
def test_pictures_of_nothing_are_drawn_without_a_fault(name):
    assert component(name, rows=[], bins=[], parts=[])


def test_progress_names_its_steps_and_can_be_cancelled():
    steps = [{"label": "Read", "state": "done"}, {"label": "Score", "state": "current"}]

    html = component(
        "_progress", steps=steps, step="Scoring", done=4300, total=7043, left=75, cancel_url="/jobs/1/cancel/"
    )

    assert '<progress value="4300" max="7043"' in html
    assert 'aria-current="step"' in html
    assert "4,300 of 7,043" in html
    assert 'action="/jobs/1/cancel/"' in html


def test_progress_without_a_known_end_claims_none():
    assert "value=" not in component("_progress", done=5, total=None)


def test_an_empty_page_teaches():
    html = component(
        "_empty",
        title="No predictions yet",
        text="They will stand here.",
        url="/dev/predict/",
        action="Predict",
        sample_url="/sample.csv",
    )

    assert '<a class="btn primary" href="/dev/predict/">Predict</a>' in html
    assert 'href="/sample.csv" download' in html


# --- Forms -------------------------------------------------------------------------------------------------


def test_a_refused_field_is_tied_to_its_error_and_its_help():
    html = component("_form", form=CustomerFile({"rows": "stop"}), submit="Predict")

    described = (
        re.search(r"<input[^>]*name=\"name\"[^>]*aria-describedby=\"([^\"]+)\"", html).group(1).split()
    )
    assert described == ["id_name_helptext", "id_name_error"]
    assert all(f'id="{identifier}"' in html for identifier in described)
    assert 'aria-invalid="true"' in html


def test_a_refused_form_lists_what_is_wrong_with_a_way_to_each_field():
    html = component("_form", form=CustomerFile({}), submit="Predict")

    assert "2 things need your attention" in html
    for identifier in re.findall(r"<li><a href=\"#([^\"]+)\"", html):
        assert f'id="{identifier}"' in html


def test_every_input_has_a_label_and_optional_ones_say_so():
    html = component("_form", form=CustomerFile(), submit="Predict")

    for identifier in re.findall(r"<input[^>]* id=\"([^\"]+)\"", html):
        assert f'for="{identifier}"' in html
    assert "Note (optional)" in words(html)
    assert "<legend>Bad rows</legend>" in html


# --- Lists -------------------------------------------------------------------------------------------------


def test_the_pager_keeps_the_filters():
    request = RequestFactory().get("/dev/predictions/?tier=high&page=2")

    html = component("_pager", page=Paginator(range(50), 20).page(2), noun="customers", request=request)

    assert "21\u201340 of 50 customers" in words(html)
    assert 'href="?tier=high&amp;page=1"' in html
    assert 'href="?tier=high&amp;page=3"' in html


def test_a_list_of_one_page_has_nowhere_to_go():
    request = RequestFactory().get("/")

    assert "href" not in component("_pager", page=Paginator(range(5), 20).page(1), request=request)


@pytest.mark.parametrize(
    ("query", "link", "order"),
    [
        ("?q=x&page=3", "?q=x&amp;sort=-p", None),
        ("?sort=-p", "?sort=p", "descending"),
        ("?sort=p", "?sort=-p", "ascending"),
    ],
)
def test_a_heading_sorts_and_says_how_it_sorts(query, link, order):
    request = RequestFactory().get("/" + query)

    html = draw('{% sort_header "Probability" "p" numeric=True %}', request=request)

    assert f'href="{link}"' in html
    assert ("aria-sort" in html) is (order is not None)
    assert order is None or f'aria-sort="{order}"' in html


# --- Numbers and times -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("{{ value|thousands }}", 7043, "7,043"),
        ("{{ value|thousands:2 }}", 1234.5, "1,234.50"),
        ("{{ value|thousands }}", None, "\u2013"),
        ("{{ value|percent }}", 0.265, "26.5\u202f%"),
        ("{{ value|percent:0 }}", 1, "100\u202f%"),
        ("{{ value|percent }}", float("nan"), "\u2013"),
        ("{{ value|probability }}", 0.875, "0.88"),
        ("{{ value|probability }}", 0.0001, "&lt;0.01"),
        ("{{ value|probability }}", 0.9999, "&gt;0.99"),
        ("{{ value|probability }}", 1.0, "1.00"),
        ("{{ value|signed }}", 0.0312, "+0.031"),
        ("{{ value|signed }}", -0.0312, "\u22120.031"),
        ("{{ value|signed }}", -0.0003, "\u22120.0003"),
        ("{{ value|signed }}", 0.0, "\u00b10.000"),
        ("{{ value|signed:0 }}", 0, "\u00b10"),
        ("{{ value|duration }}", 0.42, "0.4\u202fs"),
        ("{{ value|duration }}", 59.6, "1\u202fmin"),
        ("{{ value|duration }}", 200, "3\u202fmin 20\u202fs"),
        ("{{ value|duration }}", dt.timedelta(hours=2, minutes=5), "2\u202fh 5\u202fmin"),
        ("{{ value|duration }}", dt.timedelta(days=3), "3 days"),
    ],
)
def test_numbers_are_written_alike_everywhere(source, value, text):
    assert draw(source, value=value) == text


def test_an_instant_carries_utc_for_everybody_and_for_the_script():
    at = dt.datetime(2026, 11, 20, 15, 2, 7, tzinfo=dt.timezone(dt.timedelta(hours=1)))

    html = draw("{{ at|moment }}", at=at)

    assert words(html) == "20 Nov 2026, 14:02 UTC"
    assert 'datetime="2026-11-20T14:02:07Z"' in html
    assert 'title="2026-11-20 14:02:07 UTC"' in html


def test_a_plain_date_is_never_moved_to_another_zone():
    html = draw("{{ on|day }}", on=dt.date(2026, 11, 20))

    assert words(html) == "20 Nov 2026"
    assert "data-local" not in html


def test_a_meter_stays_inside_its_track():
    assert 'width="100.0%"' in draw("{% meter value %}", value=1.7)
    assert 'width="0.0%"' in draw("{% meter value %}", value=None)
