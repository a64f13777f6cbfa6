"""The help in the product: each page leads to it, it is found by words, and it is what `docs/` says."""

import re

import pytest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from core.help import FOLDER, help_for, help_pages
from core.help_search import search_help
from tests.routes import ROUTES

LINK = re.compile(r'href="(/help/[^"#]*)(?:#([^"]*))?"')


def read(page):
    return re.sub(r"\s+", " ", page.content.decode())


def test_every_document_in_the_folder_is_listed():
    documents = {path.stem for path in FOLDER.glob("*.md")} - {"README"}

    assert documents <= help_pages().keys()
    assert len(help_pages()) >= 14


def test_what_is_listed_says_what_it_is_about_in_a_sentence():
    for page in help_pages().values():
        assert page.summary.endswith(".") and page.group, page.slug


def views_of_pages():
    """The name of every view that answers a member's browser with a page."""
    for routes in ROUTES.values():
        for route in routes:
            if route.method != "get" or not re.match(r"(dev|user)/", route.path):
                continue
            path = re.sub(r"\{(version|dataset|key|waiting|person)\}", "1", "/" + route.path)
            path = re.sub(r"\{\w+\}", "00000000-0000-0000-0000-000000000001", path)
            if path.endswith("/"):
                yield resolve(path).view_name


def test_every_page_of_the_portals_has_help():
    without = {view for view in views_of_pages() if not help_for(view)}

    assert without == set()


def test_help_is_said_to_be_for_views_that_exist_and_one_page_helps_with_each():
    named = [view for page in help_pages().values() for view in page.views]

    assert sorted(named) == sorted(set(named))
    known = {resolve(path).view_name for path in ("/", "/help/", "/api/docs/")} | set(views_of_pages())
    for view in set(named) - known:
        assert exists(view), view


def exists(view):
    tries = ({}, {"portal": "dev"}, {"key": "a"}, {"uidb36": "1", "key": "a"}, {"number": 1}, {"pk": 1})
    ids = "00000000-0000-0000-0000-000000000001"
    for kwargs in (*tries, {"portal": "dev", "analysis": ids}, {"portal": "dev", "job_id": ids}):
        try:
            return bool(reverse(view, kwargs=kwargs))
        except NoReverseMatch:
            continue
    return False


@pytest.mark.django_db
def test_every_page_is_shown_and_its_links_lead_to_headings(client):
    for page in help_pages().values():
        shown = client.get(page.url)

        assert shown.status_code == 200
        assert " style=" not in shown.content.decode()
        for path, anchor in LINK.findall(page.html):
            slug = path.removeprefix("/help/").strip("/")
            assert slug in help_pages(), f"{page.slug}: {path}"
            assert not anchor or f'id="{anchor}"' in help_pages()[slug].html, f"{page.slug}: #{anchor}"


def test_a_table_names_its_rows_and_the_columns_of_its_cells_for_windows_that_stack_them():
    shown = help_pages()["api-keys"].html

    assert '<table class="data stacked">' in shown
    assert '<th scope="row"><code>read</code></th>\n<td data-label="opens"' in shown
    assert '<td data-label="a minute">1,200</td>' in shown


def test_an_address_may_end_its_line_after_each_step():
    assert "$SERVER/<wbr>api/<wbr>v1/<wbr>me" in help_pages()["api-keys"].html


@pytest.mark.django_db
def test_a_document_that_there_is_not_answers_404(client):
    assert client.get("/help/no-such-page/").status_code == 404
    with pytest.raises(Resolver404):
        resolve("/help/../settings/")


def test_what_stands_in_html_comments_is_not_shown():
    for page in help_pages().values():
        assert "help for" not in page.html


def test_every_word_must_stand_in_a_section_and_headings_come_first():
    found = search_help("roll back")

    assert found[0].section.heading == "Roll back and withdraw"
    assert "<mark>Roll</mark>" in found[0].excerpt or "<mark>roll</mark>" in found[0].excerpt
    assert search_help("roll zebra") == []
    assert search_help("") == [] and search_help("?!") == []


def test_one_of_a_thing_is_found_by_its_plural():
    assert {one.section.heading for one in search_help("horizon")} <= {
        one.section.heading for one in search_help("horizons")
    }


@pytest.mark.django_db
def test_the_search_works_without_a_script_and_repeats_nothing_as_markup(client):
    found = read(client.get("/help/", {"q": "company ID"}))
    assert "Register a company" in found and "/help/people/#register-a-company" in found

    nothing = read(client.get("/help/", {"q": "<script>x</script>zebra"}))
    assert "Nothing found for “&lt;script&gt;x&lt;/script&gt;zebra”" in nothing


@pytest.mark.django_db
def test_a_page_leads_to_its_help_for_members_and_strangers(client, as_developer, as_user):
    assert 'href="/help/predicting/">Help with this page' in read(as_user.get("/user/predict/"))
    assert 'href="/help/training/">Help with this page' in read(as_developer.get("/dev/retrain/"))
    assert 'href="/help/people/">Help with this page' in read(client.get("/register/"))
    # And the help is read in the frame of one's own portal.
    assert 'href="/dev/retrain/"' in read(as_developer.get("/help/training/"))
