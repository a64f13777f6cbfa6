"""The metadata file that stands beside a pickled model: a pickle too, read as texts and numbers only."""

import io
import pickle

from registry.engines.files import FileMismatch


class UnsafeMetadata(FileMismatch):
    """A metadata file holds more than texts, numbers and lists."""


def read_metadata(payload: bytes) -> dict:
    """Read the bytes of a metadata file.

    Raises
    ------
    UnsafeMetadata
        It names code, or is no pickle.
    """
    try:
        return _PlainUnpickler(io.BytesIO(payload)).load()
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
    ) as error:
        raise UnsafeMetadata("This is no metadata file.") from error


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise UnsafeMetadata(f"A metadata file names {module}.{name}; it may hold texts and numbers only.")
