"""A long page says what stands on it."""

import re

from django.template import Context, engines

HEADINGS = ["One", "Two <b>bold</b>", "Three &lt;script&gt;", "Four"]


def draw(headings, **context):
    body = "".join(f"<section><h2>{heading}</h2><p>Text.</p></section>" for heading in headings)
    source = "{% load contents_tags %}{% contents %}" + body + "{% endcontents %}"
    return engines["django"].from_string(source).template.render(Context(context))


def listed(html):
    return re.findall(r'<li><a href="#([^"]+)">(.*?)</a></li>', html)


def test_each_heading_is_listed_and_led_to():
    html = draw(HEADINGS)

    parts = listed(html)

    assert [text for _, text in parts] == ["One", "Two bold", "Three &lt;script&gt;", "Four"]
    for key, _ in parts:
        assert html.count(f'<h2 id="{key}"') == 1


def test_a_heading_keeps_the_id_that_it_has():
    source = '{% load contents_tags %}{% contents %}<h2 class="a" id="data">Data</h2>' + "<h2>Other</h2>" * 3
    html = engines["django"].from_string(source + "{% endcontents %}").template.render(Context())

    assert listed(html)[0] == ("data", "Data")
    assert html.count('id="data"') == 1 and len({key for key, _ in listed(html)}) == 4


def test_what_a_heading_is_filled_with_stays_escaped():
    source = "{% load contents_tags %}{% contents %}" + "<h2>{{ name }}</h2>" * 4 + "{% endcontents %}"
    html = engines["django"].from_string(source).template.render(Context({"name": "<img src=x>"}))

    assert "<img" not in html
    assert listed(html)[0][1] == "&lt;img src=x&gt;"


def test_a_short_page_has_no_list():
    html = draw(HEADINGS[:3])

    assert listed(html) == [] and "contents" not in html.replace("with-contents", "")
    assert html.count("<h2>") + html.count("<h2 id=") == 3
