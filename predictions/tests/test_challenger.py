"""A challenger scores what users predict, in the shadow: what is noted, and that users never notice."""

import csv
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.urls import reverse
from django.utils import timezone

from companies.identity import membership
from companies.services.erasure import erase_company
from core.files.media import media_path
from core.files.owners import sweep
from jobs.models import Job
from jobs.runner import JobRun
from predictions import files
from predictions.engines.batch import score_file
from predictions.engines.results import PROBABILITY
from predictions.engines.shadow import CHALLENGER, who_changed_sides
from predictions.models import Prediction
from predictions.services.challenge import prepare_challenge
from predictions.services.changing import delete_prediction
from predictions.services.scoring import score_beside
from predictions.tests.conftest import to_csv
from registry.artefacts import path_of, sign_version, stem_of, write_artefacts
from registry.engines.files import sha256
from registry.models import ModelDeployment, ModelVersion, ShadowRun
from registry.selectors import telecom_base
from registry.services.deployments import deploy_version, withdraw_version
from registry.services.opening import forget_loaded, verified_files
from registry.services.states import quarantine_version
from registry.services.versions import register_version
from registry.tests.factories import NOON
from sandbox.child import ChildFailed, ChildLost

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(version, model_types, default_dataset_row, exported_models):
    """Return a second default: it stands for what the company trained."""
    return register_version(
        company=None,
        population=telecom_base(),
        model_type=model_types["decision_tree"],
        exported=exported_models["decision_tree"],
        dataset=default_dataset_row,
        at=NOON,
    )


@pytest.fixture
def challenge(tree, company):
    """Return a function that makes the tree the challenger of a company."""

    def deploy(to=company):
        return deploy_version(
            version=tree,
            company=to,
            role=ModelDeployment.Role.CHALLENGER,
            by=None,
            reason="To see how often they disagree.",
            at=NOON,
        )

    return deploy


def shadow_file(prediction):
    return media_path(files.shadow_beside(prediction.result_dataset_path))


def damage(version):
    graph = path_of(version, ".json")
    graph.write_bytes(graph.read_bytes() + b" ")
    forget_loaded()


@pytest.mark.any_database
def test_is_compared_with_what_was_used_customer_by_customer(challenge, done, user, company):
    challenger = challenge()

    prediction = done(user)

    run = ShadowRun.objects.get()
    assert (run.company, run.challenger, run.version) == (company, challenger, challenger.model)
    assert (run.compared_with, run.batch, run.batch_name) == (prediction.model, prediction.uuid, "March base")
    assert (run.customers, run.failure) == (150, "")
    scores = pq.read_table(shadow_file(prediction)).to_pandas()
    used, other = run.distribution["thresholds"]
    leaves, others_leave = scores[PROBABILITY] >= used, scores[CHALLENGER] >= other
    assert run.newly_leaving == (others_leave & ~leaves).sum()
    assert run.newly_staying == (leaves & ~others_leave).sum()
    assert 0 < run.disagree < 150
    assert run.mean_difference == pytest.approx((scores[PROBABILITY] - scores[CHALLENGER]).abs().mean())
    assert sum(run.distribution["used"]) == sum(run.distribution["challenger"]) == 150


def test_what_it_said_stays_when_the_prediction_is_deleted(challenge, done, user, as_developer):
    challenge()
    prediction = done(user)
    result = reverse("predictions:result", args=("dev", prediction.uuid))
    who = reverse("predictions:changed_sides", args=(prediction.uuid,))
    page = as_developer.get("/dev/models/").content.decode()
    assert result in page and who in page

    delete_prediction(prediction=prediction, typed="March base", by=membership(user), at=NOON)

    page = as_developer.get("/dev/models/").content.decode()
    assert "March base" in page and str(prediction.uuid) not in page
    assert ShadowRun.objects.get().batch == prediction.uuid


@pytest.mark.any_database
def test_its_scores_are_those_it_gives_when_it_is_chosen(challenge, done, user, tree):
    challenge()
    in_shadow = pq.read_table(shadow_file(done(user)))[CHALLENGER].to_pylist()

    chosen = done(user, model=tree)

    table = pq.read_table(media_path(files.table_beside(chosen.result_dataset_path)))
    assert table[PROBABILITY].to_pylist() == in_shadow


@pytest.mark.any_database
def test_those_who_change_sides_are_found_in_its_file(challenge, done, user):
    challenge()
    prediction = done(user)
    run = ShadowRun.objects.get()

    batches = who_changed_sides(shadow_file(prediction), run.distribution["thresholds"])

    assert pa.Table.from_batches(batches).num_rows == run.disagree


def test_the_result_is_what_it_would_be_without(challenge, done, user, as_user):
    alone = done(user)
    challenge()

    beside = done(user)

    assert beside.result == alone.result
    read = [media_path(run.result_dataset_path).read_bytes() for run in (alone, beside)]
    assert read[0] == read[1]
    page = as_user.get(f"/user/predictions/{beside.uuid}/").content.decode()
    assert "hallenger" not in page


@pytest.mark.any_database
@pytest.mark.parametrize("alone", ["nobody", "itself", "other company", "withdrawn"])
def test_leaves_nothing_where_nobody_scores_beside(
    alone, challenge, done, user, company, developer, other_company, tree
):
    if alone == "other company":
        challenge(other_company)
    if alone in ("itself", "withdrawn"):
        challenge()
    if alone == "withdrawn":
        withdraw_version(version=tree, company=company, by=developer, reason="Seen enough.", at=NOON)

    prediction = done(user, **({"model": tree} if alone == "itself" else {}))

    assert not ShadowRun.objects.exists()
    assert not shadow_file(prediction).exists()


@pytest.mark.any_database
def test_damaged_it_is_noted_and_the_prediction_is_done(challenge, done, user):
    challenger = challenge()
    damage(challenger.model)

    prediction = done(user)

    assert prediction.job.state == Job.State.SUCCEEDED
    run = ShadowRun.objects.get()
    assert (run.customers, "not those that were registered" in run.failure) == (None, True)
    assert ModelVersion.objects.get(pk=challenger.model_id).state == ModelVersion.State.DAMAGED
    assert not shadow_file(prediction).exists()


def test_in_quarantine_it_scores_nobody(challenge, done, user, operator):
    quarantine_version(version=challenge().model, reason="Under suspicion.", by=operator, at=NOON)

    assert done(user).job.state == Job.State.SUCCEEDED
    assert "quarantined" in ShadowRun.objects.get().failure


def test_an_attempt_that_is_done_again_counts_once(challenge, done, user, do_jobs):
    challenge()
    prediction = done(user)

    Job.objects.filter(pk=prediction.job_id).update(state=Job.State.QUEUED, finished_at=None)
    do_jobs()

    assert ShadowRun.objects.count() == 1


def test_its_file_goes_with_the_company(
    challenge, done, user, company, operator, django_capture_on_commit_callbacks
):
    challenge()
    path = shadow_file(done(user))

    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=NOON)

    assert not path.exists()
    assert not ShadowRun.objects.exists()


def test_its_file_goes_with_the_prediction(challenge, done, user, settings):
    challenge()
    prediction = done(user)
    kept = shadow_file(prediction)
    sweep(at=timezone.now() + timedelta(days=2))
    assert kept.exists()

    Prediction.objects.filter(pk=prediction.pk).delete()
    sweep(at=timezone.now() + timedelta(days=2))

    assert not kept.exists()


# --- Who changes side ------------------------------------------------------------------------------------


def sides(client, prediction):
    return client.get(f"/dev/predictions/{prediction.uuid}/changed-sides.csv")


def test_the_developer_downloads_who_changes_side(challenge, done, user, as_developer):
    challenge()
    prediction = done(user)
    run = ShadowRun.objects.get()

    answer = sides(as_developer, prediction)

    assert answer["Content-Disposition"] == 'attachment; filename="march-base-changed-sides.csv"'
    rows = list(csv.DictReader(answer.getvalue().decode("utf-8-sig").splitlines()))
    assert len(rows) == run.disagree
    assert sum(row["challenger_prediction"] == "leaves" for row in rows) == run.newly_leaving
    assert all(row["prediction"] != row["challenger_prediction"] for row in rows)


def test_a_program_of_the_developer_does_so_too(challenge, done, user, as_developer, as_user):
    challenge()
    prediction = done(user)
    url = f"/api/v1/prediction-runs/{prediction.uuid}/changed-sides.csv"

    assert as_developer.get(url).getvalue() == sides(as_developer, prediction).getvalue()
    assert as_user.get(url).status_code == 403


def test_no_spreadsheet_runs_what_stands_there(challenge, done, user, customers, as_developer):
    challenge()
    header, *rows = customers
    prediction = done(user, to_csv([header, *([f"=1+{place}", *row[1:]] for place, row in enumerate(rows))]))

    rows = list(csv.DictReader(sides(as_developer, prediction).getvalue().decode("utf-8-sig").splitlines()))

    assert rows
    assert all(row["customer"].startswith("'=1+") for row in rows)


def test_nobody_else_does(challenge, done, user, as_user, as_stranger):
    challenge()
    prediction = done(user)

    assert sides(as_user, prediction).status_code == 403
    assert sides(as_stranger, prediction).status_code == 404


# --- Whatever is wrong with it ---------------------------------------------------------------------------


def score(version, shadow, prediction, tmp_path):
    return score_file(
        source=str(media_path(prediction.upload_dataset_path)),
        spec=prediction.input_data["spec"],
        schema=prediction.input_data["schema"],
        version=verified_files(version, at=NOON).to_dict(),
        policy="segments_v2",
        csv_path=str(tmp_path / "result.csv"),
        table_path=str(tmp_path / "result.parquet"),
        shadow={"path": str(tmp_path / "result.shadow.parquet"), "seconds": 60.0} | shadow,
        on_progress=lambda *_: None,
    )


def rewritten(version, tmp_path, change):
    """Return the files of a version as another one registered them, with hashes that hold."""
    files_of = verified_files(version, at=NOON).to_dict()
    path = tmp_path / "manifest.json"
    path.write_bytes(change(Path(files_of["manifest_path"]).read_bytes()))
    return files_of | {"manifest_path": str(path), "manifest_sha256": sha256(path.read_bytes())}


def other_columns(manifest):
    return manifest.replace(b'"tenure"', b'"months"')


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("change", "seconds", "failure"),
    [
        (other_columns, 60.0, "other columns"),
        (lambda manifest: b"{}", 60.0, "could not score"),
        (lambda manifest: manifest, 0.0, "longer than"),
    ],
)
def test_it_is_left_out_and_the_result_is_whole(change, seconds, failure, predict, user, tree, tmp_path):
    prediction = predict(user)
    shadow = {"version": rewritten(tree, tmp_path, change), "seconds": seconds}

    found = score(prediction.model, shadow, prediction, tmp_path)

    assert failure in found["shadow"]["failure"]
    assert found["rows"] == 150
    names = {path.name for path in tmp_path.iterdir() if "result" in path.name}
    assert names == {"result.csv", "result.parquet"}


@pytest.mark.any_database
def test_files_that_were_changed_meanwhile_are_a_mismatch(predict, user, tree, tmp_path):
    prediction = predict(user)
    version = verified_files(tree, at=NOON).to_dict() | {"manifest_sha256": "0" * 64}

    found = score(prediction.model, {"version": version}, prediction, tmp_path)

    assert found["shadow"]["mismatch"] is True


@pytest.mark.any_database
def test_only_what_it_did_is_said_of_it(challenge, predict, user, tmp_path, settings):
    challenge()
    prediction = predict(user)
    drafts = files.ResultDrafts(
        *(tmp_path / name for name in ("csv", "table", "shadow", "lapsed", "changes"))
    )

    def failure_after(failed):
        def score(shadow):
            if shadow:
                raise failed
            return {"rows": 150}

        tried = prepare_challenge(prediction=prediction, at=NOON)
        found = score_beside(tried, score, drafts, run=JobRun(prediction.job), at=NOON)
        assert found == {"rows": 150}
        return tried.failure

    # Others may end a process only once: the next attempt has the challenger too.
    with pytest.raises(ChildLost):
        failure_after(ChildLost("killed"))
    prediction.job.attempt = prediction.job.first_attempt + settings.JOB_MAX_ATTEMPTS - 1
    assert failure_after(ChildLost("killed")).startswith("It is not to blame")
    assert failure_after(ChildFailed("[Errno 28] No space left on device")).startswith("It is not to blame")
    assert failure_after(ChildFailed("IndexError")).startswith("It ended the scoring")


def hungry(graph):
    """Return a graph that also fills 1.6 GB, which no probability depends on."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(graph)
    size = numpy_helper.from_array(np.array([400_000_000], np.int64), "hungry_size")
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    model.graph.initializer.append(size)
    model.graph.node.append(helper.make_node("ConstantOfShape", ["hungry_size"], ["hungry"], value=one))
    model.graph.output.append(helper.make_tensor_value_info("hungry", TensorProto.FLOAT, [400_000_000]))
    return model.SerializeToString()


@pytest.mark.slow
@pytest.mark.any_database
def test_one_that_takes_all_memory_costs_the_user_nothing_but_time(challenge, done, user, tree, settings):
    settings.UPLOAD_MEMORY_MB = 900
    graph = hungry(path_of(tree, ".onnx").read_bytes())
    hashes = tree.file_hashes | write_artefacts(stem_of(tree), {".onnx": graph})
    signature = sign_version(company_id=None, model_type="decision_tree", version="v1", hashes=hashes)
    write_artefacts(stem_of(tree), {".sig": signature.encode()})
    ModelVersion.objects.filter(pk=tree.pk).update(file_hashes=hashes, signature=signature)
    tree.refresh_from_db()
    challenge()

    prediction = done(user)

    assert prediction.job.state == Job.State.SUCCEEDED
    assert prediction.result["rows"] == 150
    assert "done again without it" in ShadowRun.objects.get().failure
    assert not shadow_file(prediction).exists()
