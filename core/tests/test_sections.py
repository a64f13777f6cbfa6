"""What apps add to a page of a floor below: in order, once each, only where they have something to say."""

from core.sections import Sections


def told(*contents):
    sections = Sections()
    for number, content in enumerate(contents):
        sections.add(f"{number}.html", lambda about, content=content: content)
    return sections


def test_the_smallest_order_comes_first_and_of_equal_ones_what_was_added_first():
    sections = Sections()
    for name, order in (("late", 90), ("usual", 50), ("early", 10), ("usual too", 50)):
        sections.add(name, lambda about, name=name: f"{name} of {about}", order=order)

    assert sections.contents("a log") == [
        "early of a log",
        "usual of a log",
        "usual too of a log",
        "late of a log",
    ]


def test_who_has_nothing_to_say_is_left_out_and_an_empty_content_is_something():
    assert told({}, None, {"rows": 3}).for_page("a log") == [
        {"template": "0.html", "content": {}},
        {"template": "2.html", "content": {"rows": 3}},
    ]


def test_a_name_that_is_added_again_takes_the_place_of_the_earlier_one():
    sections = told("earlier")
    sections.add("0.html", lambda about: "later")

    assert list(sections.of("a log")) == [("0.html", "later")]


def test_what_is_about_several_things_is_told_with_all_of_them():
    sections = Sections()
    sections.add("pair", lambda one, other: (one, other))

    assert sections.first_of("a", "b") == ("a", "b")


def test_several_things_of_several_apps_are_one_list():
    assert told(["a", "b"], [], ["c"]).all_of("a base") == ["a", "b", "c"]


def test_the_first_that_says_anything_is_enough():
    asked = []
    sections = told(None, "second")
    sections.add("third", asked.append)

    assert sections.first_of("a version") == "second"
    assert asked == []
    assert Sections().first_of("a version") is None
