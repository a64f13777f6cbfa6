"""Opening a skops file: every kind of object in it is looked at by name before any of them is made.

skops has a list of its own of what it trusts, all of scikit-learn among it, and hand-made files have got
past such lists before. Here the file's own table of contents is read first, as text, and whatever is not on a
short list of ours is refused by name.
"""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

CONTENTS = "schema.json"
MOST_BYTES = 400 * 1024 * 1024
MOST_MEMBERS = 50_000
MOST_CONTENTS = 64 * 1024 * 1024

_SCALARS = ("bool", "bool_", "float32", "float64", "int32", "int64", "intp", "str_")
_OURS = (
    "sklearn.compose._column_transformer.ColumnTransformer",
    "sklearn.ensemble._forest.RandomForestClassifier",
    "sklearn.ensemble._gb.GradientBoostingClassifier",
    "sklearn.impute._base.SimpleImputer",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.MinMaxScaler",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.preprocessing._encoders.OneHotEncoder",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
    "sklearn.svm._classes.SVC",
    "sklearn.tree._classes.DecisionTreeClassifier",
    # What the estimators above keep inside.
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.dummy.DummyClassifier",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.preprocessing._label.LabelBinarizer",
    "sklearn.tree._classes.DecisionTreeRegressor",
)
# By the way in which skops makes the object: a trusted name under another way would be another thing.
TRUSTED = {
    "ObjectNode": frozenset(_OURS),
    "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
    "LossNode": frozenset({"sklearn._loss._loss.CyHalfBinomialLoss"}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "NdArrayNode": frozenset({"numpy.ndarray", *(f"numpy.{name}" for name in _SCALARS)}),
    "DTypeNode": frozenset({"numpy.dtype"}),
    "TypeNode": frozenset(
        {
            *(f"numpy.{name}" for name in _SCALARS),
            *(f"builtins.{name}" for name in ("str", "float", "int", "bool", "object")),
        }
    ),
    "DictNode": frozenset({"builtins.dict"}),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "JsonNode": frozenset({"builtins.str"}),
}


def open_skops(path):
    """Return the object in a skops file, once everything in it was found to be on the list.

    Parameters
    ----------
    path : Path or str

    Returns
    -------
    object

    Raises
    ------
    ValueError
        It is no skops file, is too large, or holds something that is not on the list; every such kind is
        named. Nothing of it was made then.
    """
    contents = read_contents(path)
    strange = sorted(_kinds(contents) - {(way, name) for way, names in TRUSTED.items() for name in names})
    if strange:
        named = ", ".join(dict.fromkeys(name for _, name in strange[:10]))
        more = f" and {len(strange) - 10} more" if len(strange) > 10 else ""
        raise ValueError(
            f"It holds {named}{more}, which Churn Buster does not know and therefore does not open. "
            "A pipeline of a ColumnTransformer (OneHotEncoder, StandardScaler, MinMaxScaler) and one of the "
            "six model types can be imported."
        )
    # Imported here: it brings scikit-learn.
    from skops.io import load

    trusted = [name for names in TRUSTED.values() for name in names]
    try:
        return load(path, trusted=trusted)
    except Exception as error:  # hand-made files fail in any way; the child that reads them is thrown away
        raise ValueError(f"It cannot be put together: {type(error).__name__}: {error}") from error


def read_contents(path):
    """Return the table of contents of a skops file, as plain JSON.

    Parameters
    ----------
    path : Path or str

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        It is no skops file, or inflates to too much.
    """
    try:
        with zipfile.ZipFile(Path(path)) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if len(set(names)) != len(names):
                raise ValueError("It holds two parts of one name.")
            if CONTENTS not in names:
                raise ValueError(f"It is no skops file: there is no {CONTENTS} in it.")
            strange = [name for name in names if name != CONTENTS and not _is_plain(name)]
            strange += [member.filename for member in members if stat.S_ISLNK(member.external_attr >> 16)]
            if strange:
                raise ValueError(f"It holds {strange[0]!r}, which does not belong into a skops file.")
            sizes = sum(member.file_size for member in members)
            if len(members) > MOST_MEMBERS or sizes > MOST_BYTES:
                raise ValueError(f"It inflates to more than {MOST_BYTES // 1024 // 1024} MB.")
            if archive.getinfo(CONTENTS).file_size > MOST_CONTENTS:
                raise ValueError(f"Its {CONTENTS} is too large.")
            contents = json.loads(archive.read(CONTENTS))
    except (zipfile.BadZipFile, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"It is no skops file: {error}") from error
    if not isinstance(contents, dict) or "__loader__" not in contents:
        raise ValueError(f"It is no skops file: its {CONTENTS} names no object.")
    return contents


def _is_plain(name):
    """Say whether a name is that of an array in the file itself, whoever unpacks it."""
    return name.endswith(".npy") and not set(name) & set("/\\:\0")


def _kinds(contents):
    """Return each way of making an object in the file, with the name of what is made."""
    found, waiting = set(), [contents]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__loader__" in node:
                name = f"{node.get('__module__')}.{node.get('__class__')}"
                # Nodes that only point at an object that was named before bring nothing new.
                found.add((str(node["__loader__"]), name))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found
