"""Every feature of a purchase log has words that a stranger understands, and no two of a set the same."""

import pytest

from ml.logs.features.catalogue import FEATURE_SETS
from ml.logs.features.wording import say_feature


@pytest.mark.parametrize("name", FEATURE_SETS)
def test_features_have_words_of_their_own(name):
    said = [say_feature(feature.name) for feature in FEATURE_SETS[name]]

    assert not [words for words in said if "_" in words]
    assert len(set(said)) == len(said)
