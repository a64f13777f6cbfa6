"""Every refusal of the product ends with what to do: each sentence that is written where something is
refused is looked for in the code, so that a new one is held to it too.

Sentences that are passed on (faults of a file, what a child process found) have tests of their own.
"""

import ast
import re

import pytest
from django.conf import settings

FLOORS = (
    "churnbuster",
    "companies",
    "core",
    "intake",
    "jobs",
    "predictions",
    "registry",
    "tabular",
    "training",
    "transactions",
)
REFUSALS = {"DomainError", "ValidationError", "TableError"}
# Classes and functions that are given a code first and then the sentence; and those that are given it last,
# to be put into a refusal.
SECOND = {"TableError", "refuse_mapping"}
LAST = {"_refused", "_open", "_wrong"}
# What a form, a permission or a validator says, by the name under which the framework looks for it.
NAMED = {"message", "error_messages", "default_error_messages"}
# Advice that depends on the case, and is written where the case is known.
GIVEN = {"advice", "hint", "missing"}
DO = (
    "add|approve|ask|cancel|check|choose|close|compare|compute|confirm|copy|correct|delete|deploy|download|enter|export|"
    "give|go|import|join|keep|leave|log|look|make|move|name|open|predict|process|put|queue|read|rebuild|register|reload|"
    "remove|rename|replace|restore|revoke|save|say|score|send|shorten|split|start|take|train|try|type|upload|use|"
    "wait|write"
)
ADVICE = re.compile(rf"(?:^|, or |, and |: | then )(?:please )?(?:{DO})\b", re.IGNORECASE)


def modules():
    for floor in FLOORS:
        for path in sorted((settings.BASE_DIR / floor).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.parts):
                yield path.relative_to(settings.BASE_DIR), ast.parse(path.read_text("utf-8"))


def refusing_classes(trees):
    bases = {
        node.name: {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
        for _, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = set(REFUSALS)
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def texts(node, known):
    """Yield each text that `node` may be, with what is put into it in braces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(_part(value) for value in node.values)
    elif isinstance(node, ast.Name) and node.id in known:
        yield from texts(known[node.id], {})
    elif isinstance(node, ast.IfExp):
        yield from [*texts(node.body, known), *texts(node.orelse, known)]
    elif isinstance(node, (ast.List, ast.Tuple)):
        yield from [text for element in node.elts for text in texts(element, known)]
    elif isinstance(node, ast.Dict):
        yield from [text for value in node.values for text in texts(value, known)]
    elif isinstance(node, ast.BinOp):
        yield from texts(node.right, known)


def _part(value):
    if isinstance(value, ast.Constant):
        return value.value
    name = getattr(value.value, "id", "")
    return f"{{{name}}}" if name in GIVEN else "{}"


def written_by(tree, classes):
    """Yield the line and the expression of each refusal: a class that is called, or a message by its name."""
    passed_on = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name in LAST
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in passed_on:
            continue
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in SECOND:
                yield node.lineno, node.args[min(1, len(node.args) - 1)]
            elif name in LAST:
                yield node.lineno, node.args[-1]
            elif name in classes:
                yield node.lineno, node.args[0]
        elif isinstance(node, ast.keyword) and node.arg in NAMED | GIVEN:
            yield node.value.lineno, node.value
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMED:
            yield node.lineno, node.value


def refusals():
    trees = list(modules())
    classes = refusing_classes(trees)
    for path, tree in trees:
        known = {
            node.targets[0].id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for line, node in written_by(tree, classes):
            for text in texts(node, known):
                # A code or the name of a field is no sentence.
                if " " in text and not re.fullmatch(r"[{} ]*", text):
                    yield f"{path}:{line}", text


def ends_with_advice(text):
    last = re.split(r"(?:(?<=[.!?])|(?<=\{\})) (?=[A-Z{]|$)", text.strip())[-1]
    return bool(ADVICE.search(last)) or last == "{}" or any(last.endswith(f"{{{name}}}") for name in GIVEN)


def test_every_refusal_ends_with_what_to_do():
    found = list(refusals())

    assert len(found) > 200
    assert [told for told in found if not ends_with_advice(told[1])] == []


@pytest.mark.parametrize(
    ("sentence", "ends"),
    [
        ("No company has this ID. Check the ten characters in the mail to your company.", True),
        ("The key has expired. Revoke it, or choose a later time.", True),
        ("Choose a later time. The key has expired.", False),
        ("Only the developer of {} makes API keys.", False),
        ("{} cannot be read. {} Ask the operator.", True),
        ("This job takes more than {} MB of memory. {advice}", True),
    ],
)
def test_advice_is_told_from_what_happened(sentence, ends):
    assert ends_with_advice(sentence) is ends
