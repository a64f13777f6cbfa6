"""The champion of a base on the very customers that judged a new recipe. Runs in a child, without Django."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml.evaluation.comparison import compare_versions, state_verdict
from ml.learning.feature_training import Judged
from ml.logs.feature_columns import ID_COLUMN, fill_batch
from ml.logs.features.engine import compute_features
from ml.logs.joined import missing_columns, write_joined
from registry.engines.files import FileMismatch, FileUnreachable, open_scorer

NEW = "the new recipe"


def judge_champion(
    champion: dict,
    judged: Judged,
    *,
    events: Path,
    ids: list[str],
    as_of: dt.datetime,
    until: dt.datetime,
    folder: Path,
    memory_limit: str,
) -> dict:
    """Score with the champion who judged the new recipe, and compare the two on these customers.

    Parameters
    ----------
    champion
        ``id``, ``name``, ``version`` (`registry.engines.files.VerifiedFiles` as a dict), and ``known_until``:
        up to when it learned what became of its customers, in ISO by the clock of the log, or None.
    judged
        What the recipe said of them.
    ids
        Who they are, in the same order.
    as_of, until
        The cutoff at which they are scored, and when their outcome was known.

    Returns
    -------
    dict
        ``version``, ``name``, ``sentence``; and where they could be compared ``verdict`` ("better", "worse",
        "no_real_difference"), ``customers``, ``new`` and ``champion`` (Brier scores), ``low`` and ``high``
        (of the difference, new minus champion), ``ranking`` (AUC of the champion with its interval), ``f1``
        (of its churners), ``knew_until`` (up to when the champion had learned these outcomes, a part of them;
        else None).
    """
    told = {"version": champion["id"], "name": champion["name"]}
    knew_until = _knew_until(champion["known_until"], as_of)
    if knew_until and knew_until >= until:
        return told | {
            "sentence": f"{champion['name']} has learned what became of these very customers, so it is not "
            "judged on them."
        }
    try:
        scorer = open_scorer(champion["version"])
        scores = _score(scorer, events, ids, as_of, folder, memory_limit)
    except FileUnreachable:
        # Of the champion this says nothing: it is judged when its files are there again.
        raise
    except (FileMismatch, ValueError) as error:
        # Nothing that the new model lacks: it is learned all the same, and somebody decides.
        return told | {"sentence": f"{champion['name']} could not be judged on these customers: {error}"}
    comparison = compare_versions(
        judged.labels, scores, judged.probabilities, (scorer.threshold, judged.threshold)
    )
    found = comparison.deciding
    serving = {each.metric: each.serving for each in comparison.differences}
    return told | {
        "sentence": state_verdict(comparison, serving=champion["name"], new=NEW),
        "verdict": comparison.verdict,
        "customers": comparison.customers,
        "new": found.new.value,
        "champion": found.serving.value,
        "low": found.difference.low,
        "high": found.difference.high,
        "ranking": asdict(serving["AUC"]),
        "f1": serving["f1"].value,
        "knew_until": knew_until and knew_until.isoformat(),
    }


def _score(scorer, events, ids, as_of, folder, memory_limit):
    how = scorer.purchase_features
    if missing := missing_columns([events], how["columns"]):
        raise ValueError(f"the log lacks columns that it reads, {', '.join(missing)}.")
    log, features = folder / "champion-events.parquet", folder / "champion-features.parquet"
    limit = {"memory_limit": memory_limit}
    write_joined(log, logs=[events], columns=how["columns"], has_time=how["has_time"], folder=folder, **limit)
    compute_features(
        log,
        as_of=as_of,
        feature_set=how["feature_set"],
        target=features,
        threads=1,
        cuts=how["cuts"],
        **limit,
    )
    table = pq.read_table(features)
    rows = table.take(pc.index_in(pa.array(ids), value_set=table[ID_COLUMN].combine_chunks()))
    batch = {name: rows[name].combine_chunks() for name in rows.column_names}
    return scorer.score_batch(fill_batch(batch, scorer.schema, how["fills"], scorer.observed))


def _knew_until(known_until, as_of):
    known = known_until and dt.datetime.fromisoformat(known_until)
    return known if known and known > as_of else None
