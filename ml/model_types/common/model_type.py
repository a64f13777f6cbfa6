"""What the house knows about one kind of model; each room fills in one of these."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType

from ml.model_types.common.parameters import ParameterRule


def never(model) -> bool:
    """Return False: most types do not add up one weight per column."""
    return False


# Processor time of one training on DatasetA, beside that of logistic regression (0.7 s on one core).
FAST = "Trains fast"
SLOWER = "Takes 2 to 4 times as long to train as a fast one"
SLOW = "Takes 10 to 20 times as long to train as a fast one"


def no_fault(params) -> str:
    """Return the empty text: the parameters of most types may be combined at will."""
    return ""


@dataclass(frozen=True)
class ModelType:
    """One kind of model that the system knows.

    Nothing of it loads a learning library before an estimator is asked for, so that doors may read names and
    rules.

    Attributes
    ----------
    slug : str
        Stable name in files, addresses and the database.
    order : int
        Place among the others wherever they are listed.
    default_params : mapping of str to object
        JSON-able; a full set.
    rules : tuple of ParameterRule
        One per parameter. A parameter without a rule does not exist.
    candidates : tuple of mapping
        Three to five settings that a search tries beside one another; what they leave out has its default.
    estimator : str
        Module and name of its class, loaded when one is made.
    fixed : mapping of str to object
        Arguments of the estimator that nobody chooses.
    write_graph : callable
        Called as ``write_graph(writer, source, model)`` with a `ml.exchange.graphs.GraphWriter`, the name of
        the float32 matrix and a fitted estimator; the last node written is the score.
    scales : bool
        Whether numbers are standardised before the estimator sees them.
    in_32_bits : bool
        Whether numbers are rounded to 32 bits before the estimator sees them: its own decisions are made in
        64 bits, and the graph that serves has 32.
    is_linear : callable
        Whether an estimator of this class adds up one weight per encoded column.
    collapse : callable or None
        The weights and the bias that a linear estimator comes to.
    find_fault : callable
        What is wrong with parameters that are each in order, as a sentence; empty where nothing is.
    pace : str
        How long a training takes beside the others, as a sentence without its full stop.
    refuse_foreign : callable or None
        Why an estimator that was fitted elsewhere cannot be imported, empty where it can; None where no
        estimator of this class can.
    """

    slug: str
    name: str
    description: str
    order: int
    default_params: Mapping
    rules: tuple[ParameterRule, ...]
    candidates: tuple[Mapping, ...]
    estimator: str
    pace: str
    write_graph: Callable
    fixed: Mapping = field(default_factory=lambda: MappingProxyType({}))
    scales: bool = False
    in_32_bits: bool = False
    is_linear: Callable = never
    collapse: Callable | None = None
    find_fault: Callable = no_fault
    refuse_foreign: Callable | None = None

    def check_params(self, params: Mapping | None = None) -> dict:
        """Return a full, checked set of parameters: the defaults with `params` over them.

        Parameters
        ----------
        params : mapping of str to object, optional
            Only the ones that differ from the defaults.

        Returns
        -------
        dict

        Raises
        ------
        ValueError
            A parameter is unknown or breaks its rule; all faults are named in one message.

        Examples
        --------
        >>> from ml.model_types.catalogue import MODEL_TYPES
        >>> MODEL_TYPES["decision_tree"].check_params({"max_depth": 3})["max_depth"]
        3
        >>> MODEL_TYPES["support_vector_machine"].check_params({"depth": 3})
        Traceback (most recent call last):
        ...
        ValueError: Support Vector Machine has no parameter depth; it has C, kernel, gamma.
        """
        given = dict(params or {})
        rules = {rule.name: rule for rule in self.rules}
        faults, checked = [], {}
        for name in given.keys() - rules.keys():
            faults.append(f"{self.name} has no parameter {name}; it has {', '.join(rules)}.")
        for name, rule in rules.items():
            try:
                checked[name] = rule.check(given.get(name, self.default_params[name]))
            except ValueError as error:
                faults.append(str(error))
        if not faults and (fault := self.find_fault(checked)):
            faults.append(fault)
        if faults:
            raise ValueError(" ".join(sorted(faults)))
        return checked

    def make_estimator(self, params: Mapping, random_state: int):
        """Return an unfitted estimator.

        Parameters
        ----------
        params : mapping of str to object
            From `check_params`.
        random_state : int

        Returns
        -------
        estimator
        """
        module, _, name = self.estimator.rpartition(".")
        return getattr(import_module(module), name)(**params, **self.fixed, random_state=random_state)

    def made(self, model) -> bool:
        """Say whether `model` is of this type's class.

        Parameters
        ----------
        model : object

        Returns
        -------
        bool
        """
        module, _, name = self.estimator.rpartition(".")
        # Whoever holds an estimator has its module loaded, and a subclass may decide otherwise.
        loaded = sys.modules.get(module)
        return loaded is not None and type(model) is getattr(loaded, name)

    @property
    def class_name(self) -> str:
        """Name of the class of its estimators."""
        return self.estimator.rpartition(".")[2]

    @property
    def library(self) -> str:
        """The package that learns."""
        return self.estimator.partition(".")[0]
