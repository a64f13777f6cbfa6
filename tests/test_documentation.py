"""What a reader looks up is written down: settings, commands, packages, make's targets, decisions."""

import re
import subprocess

import pytest
from django.core.management import get_commands, load_command_class

from tests.places import REPOSITORY, our_apps, our_packages

README = (REPOSITORY / "README.md").read_text()


def settings_read_from_the_environment() -> set[str]:
    sources = [*(REPOSITORY / "churnbuster").glob("*.py")]
    reader = re.compile(r"""\b(?:env(?:\.\w+)?|folder|positive|choice)\(\s*["']([A-Z][A-Z0-9_]+)["']""")
    return {name for source in sources for name in reader.findall(source.read_text())}


def settings_in_the_example() -> list[str]:
    # A setting that is off by default stands there as a comment.
    return re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)


def test_every_setting_stands_in_the_example():
    read = settings_read_from_the_environment()

    assert len(read) > 15, "the pattern no longer finds how settings are read"
    assert sorted(read - set(settings_in_the_example())) == []


def test_the_example_names_no_setting_that_nothing_reads():
    assert sorted(set(settings_in_the_example()) - settings_read_from_the_environment()) == []


def test_the_example_names_each_setting_once():
    named = settings_in_the_example()

    assert sorted(named) == sorted(set(named))


@pytest.mark.parametrize("command", sorted(name for name, app in get_commands().items() if app in our_apps()))
def test_every_command_stands_in_the_readme_and_says_what_each_argument_is(command):
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)

    assert f"`{command}`" in README
    assert [given.dest for given in parser._actions if not given.help] == []


@pytest.mark.parametrize("package", our_packages())
def test_every_package_opens_with_a_readme(package):
    readme = REPOSITORY / package / "README.md"

    assert readme.exists()
    assert 3 <= len(readme.read_text().strip().splitlines()) <= 60


def test_make_help_explains_every_target():
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE))

    told = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout

    explained = dict(re.findall(r"^  make ([a-z-]+)\s+(\S.*)$", told, re.MULTILINE))
    assert {"run", "test", "lint", "bench", "screenshots", "help"} <= targets
    assert targets == set(explained)


def test_every_decision_is_listed_and_complete():
    folder = REPOSITORY / "docs" / "decisions"
    listed = (folder / "README.md").read_text()

    for path in sorted(folder.glob("0*.md")):
        text = path.read_text()
        assert f"({path.name})" in listed
        for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Rejected.**"):
            assert part in text, f"{path.name} has no {part}"


def test_links_between_documents_lead_somewhere():
    broken = []
    for document in [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.name}: {target}")

    assert broken == []
