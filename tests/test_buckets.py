"""The same promises hold for a local folder and for a server that speaks S3."""

import itertools
import shutil
import threading
import urllib.request
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import pytest
from botocore.exceptions import ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone
from health_check.exceptions import ServiceUnavailable

from churnbuster.env import buckets
from companies.identity import membership
from companies.services.erasure import erase_company
from core.faults import FilesAway
from core.files.cache import cache_folder
from core.files.media import make_folder, readable_path, write_media
from core.files.owners import sweep
from core.files.store import (
    cached_path,
    exists,
    file_url,
    local_copy,
    objects_under,
    pages_under,
    remove_file,
    remove_under,
    send_object,
    store_bytes,
    store_file,
    take_file,
    written_at,
)
from core.files.stored import BUCKETS, DATASETS, MEDIA, MODELS, UTILS, FileIsGone
from core.health import Storage
from registry.selectors import telecom_base
from registry.services.opening import DamagedArtefact, forget_loaded, load_scorer
from registry.services.versions import register_version
from transactions.services.deletion import delete_analysis
from transactions.services.importing import start_import
from transactions.services.matrices import start_features
from transactions.services.uploads import start_analysis
from transactions.tests.logs import MAPPING, log_file

pytestmark = pytest.mark.any_database

NAME = "org_1/raw/log.csv"


@pytest.fixture(params=["folder", "s3"])
def place(request):
    if request.param == "s3":
        request.getfixturevalue("use_s3")()
    else:
        call_command("make_buckets", stdout=StringIO())
    return request.param


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("customer,amount\nA,1\n")
    return path


def test_what_was_stored_can_be_read_on_this_machine(place, log):
    store_file(DATASETS, NAME, log)

    with local_copy(DATASETS, NAME) as path:
        assert path.read_text() == log.read_text()
    assert exists(DATASETS, NAME)
    assert not exists(UTILS, NAME)


def test_a_second_file_of_that_name_replaces_the_first(place, log):
    store_file(DATASETS, NAME, log)
    log.write_text("another")
    store_file(DATASETS, NAME, log)

    with local_copy(DATASETS, NAME) as path:
        assert path.read_text() == "another"
    assert [found.name for found in objects_under(DATASETS, "org_")] == [NAME]


def test_what_is_not_there_is_said_to_be_gone(place):
    with pytest.raises(FileIsGone), local_copy(DATASETS, NAME):
        pass
    remove_file(DATASETS, NAME)  # no mistake


def test_a_folder_that_is_away_has_lost_no_file(client, log, settings):
    """As a volume that is not mounted yet: what reads it is tried again, and who asks is told to."""
    store_file(DATASETS, NAME, log)
    address = file_url(DATASETS, NAME).removeprefix(settings.BASE_URL)
    folder = settings.MEDIA_ROOT / DATASETS
    folder.rename(folder.with_name("unplugged"))

    for read in (cached_path, exists, lambda *place: local_copy(*place).__enter__()):
        with pytest.raises(FilesAway):
            read(DATASETS, NAME)
    with pytest.raises(FilesAway):
        send_object(RequestFactory().get("/"), DATASETS, NAME, filename="march.csv")
    # Nothing is kept where the volume will hide it, and nothing counts as removed that it still has.
    for change in (store_file, take_file):
        with pytest.raises(FilesAway):
            change(DATASETS, NAME, log)
    for remove in (remove_file, remove_under):
        with pytest.raises(FilesAway):
            remove(DATASETS, "org_1")
    for of_people in (write_media, lambda name, _: readable_path(name), lambda name, _: make_folder(name)):
        with pytest.raises(FilesAway):
            of_people(f"{DATASETS}/dev/uploadToPredict/1/a.csv", b"x")
    assert not folder.exists() and log.exists()
    with pytest.raises(ServiceUnavailable, match=r"stored files \(datasets\) cannot be reached"):
        Storage().run()
    answer = client.get(address)
    assert answer.status_code == 503 and "cannot be reached at the moment" in answer.content.decode()

    folder.with_name("unplugged").rename(folder)
    assert client.get(address).status_code == 200
    Storage().run()


def test_a_folder_that_was_emptied_or_is_given_up_takes_files_again(log, settings):
    store_file(DATASETS, NAME, log)
    remove_under(DATASETS, "org_1")
    store_file(DATASETS, NAME, log)

    shutil.rmtree(settings.MEDIA_ROOT / DATASETS)
    call_command("make_buckets", stdout=StringIO())
    store_file(DATASETS, NAME, log)


@pytest.fixture(params=["no_bucket", "no_server", "refuses"])
def away(request, use_s3, settings):
    """A bucket that is not there, a server that is down, one that takes no request now."""
    use_s3()
    if request.param == "no_bucket":
        storages[DATASETS].bucket.delete()
    else:
        port = 1 if request.param == "no_server" else request.getfixturevalue("refusing_server")
        url = f"s3://key:secret@127.0.0.1:{port}/?https=false"
        settings.STORAGES = settings.STORAGES | buckets(url, aliases=BUCKETS, is_public=False, url_minutes=60)
        storages[DATASETS].client_config.retries = {"total_max_attempts": 1}
    yield
    if request.param == "no_bucket":
        storages[DATASETS].make()
    else:
        use_s3()


@pytest.fixture
def refusing_server():
    # Credentials that are over, another request in the way, no time.
    statuses = itertools.cycle((400, 409, 503))

    class Refusing(BaseHTTPRequestHandler):
        def answer(self):
            self.send_response(next(statuses))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_bucket_that_cannot_be_asked_has_lost_no_file(away, log):
    for ask in (
        lambda: cached_path(DATASETS, NAME),
        lambda: exists(DATASETS, NAME),
        lambda: local_copy(DATASETS, NAME).__enter__(),
        lambda: send_object(RequestFactory().get("/"), DATASETS, NAME, filename="march.csv"),
        lambda: store_file(DATASETS, NAME, log),
        lambda: take_file(DATASETS, NAME, log),
        lambda: remove_file(DATASETS, NAME),
        lambda: remove_under(DATASETS, "org_1"),
        lambda: list(objects_under(DATASETS)),
        storages[DATASETS].check,
    ):
        with pytest.raises(FilesAway):
            ask()
    assert log.exists()
    with pytest.raises(ServiceUnavailable, match=r"stored files \(datasets\) cannot be reached"):
        Storage().run()


def test_objects_are_listed_a_page_at_a_time_with_when_they_were_written(place, log):
    names = [f"org_1/raw/{number}.csv" for number in range(5)]
    for name in names:
        store_file(DATASETS, name, log)

    pages = list(pages_under(DATASETS, "org_1/", size=2))

    assert [[found.name for found in page] for page in pages] == [names[:2], names[2:4], names[4:]]
    assert abs(timezone.now() - pages[0][0].written_at) < timedelta(minutes=1)
    assert written_at(DATASETS, names[0]) == pages[0][0].written_at
    assert written_at(DATASETS, "org_1/raw/9.csv") is None


def test_a_prefix_goes_with_all_that_lies_under_it_and_nothing_else(place, log):
    for name in (NAME, "org_1/features/a.csv", "org_10/raw/log.csv"):
        store_file(DATASETS, name, log)

    remove_under(DATASETS, "org_1")

    assert [found.name for found in objects_under(DATASETS)] == ["org_10/raw/log.csv"]
    with pytest.raises(ValueError, match="whole bucket"):
        remove_under(DATASETS, "/")


def test_a_download_comes_as_an_attachment(place, log):
    store_file(DATASETS, NAME, log)

    answer = send_object(RequestFactory().get("/"), DATASETS, NAME, filename="march.csv")

    assert b"".join(answer).decode() == log.read_text()
    assert answer["Content-Disposition"] == 'attachment; filename="march.csv"'
    assert answer["Content-Length"] == str(log.stat().st_size)


def test_a_file_that_is_taken_over_is_gone_where_it_was(place, log):
    text = log.read_text()

    take_file(DATASETS, NAME, log)

    assert not log.exists()
    assert cached_path(DATASETS, NAME).read_text() == text


def test_a_copy_of_this_machine_is_never_out_of_date(place):
    store_bytes(MEDIA, NAME, b"one")
    first = cached_path(MEDIA, NAME).read_bytes()
    store_bytes(MEDIA, NAME, b"two")

    assert (first, cached_path(MEDIA, NAME).read_bytes()) == (b"one", b"two")
    with pytest.raises(FileIsGone):
        cached_path(MEDIA, "org_1/raw/9.csv")


def test_a_copy_is_used_again_and_goes_after_a_day_without_use(use_s3):
    use_s3()
    store_bytes(MEDIA, NAME, b"one")
    copy = cached_path(MEDIA, NAME)
    written = copy.stat().st_mtime_ns

    assert cached_path(MEDIA, NAME) == copy and copy.stat().st_mtime_ns == written
    assert sweep_copies(timedelta(hours=23)) == []
    assert sweep_copies(timedelta(hours=25)) == [str(copy.parent)]
    assert cached_path(MEDIA, NAME).read_bytes() == b"one"


def sweep_copies(later):
    return [gone for gone in sweep(at=timezone.now() + later) if gone.startswith(str(cache_folder()))]


# --- Addresses -------------------------------------------------------------------------------------------


def test_a_signed_address_needs_no_login_and_ends(client, log, settings):
    store_file(DATASETS, NAME, log)
    path = file_url(DATASETS, NAME).removeprefix(settings.BASE_URL)

    answer = client.get(path)
    assert b"".join(answer).decode() == log.read_text()
    assert answer["Content-Type"].startswith("text/csv")

    assert client.get(path[:-1]).status_code == 404
    settings.FILE_URL_MINUTES = 0
    assert client.get(path).status_code == 404


def test_nothing_but_files_of_companies_has_an_address(client, log, settings):
    settings.STORAGE_PUBLIC = True
    store_file(DATASETS, "dev/uploadToRetrain/x.csv", log)

    assert client.get("/files/public/datasets/dev/uploadToRetrain/x.csv").status_code == 404
    assert client.get("/files/public/default/org_1/raw/log.csv").status_code == 404
    assert client.get("/files/public/datasets/org_1/../dev/uploadToRetrain/x.csv").status_code == 404


def test_plain_addresses_hold_only_where_everything_is_public(client, log, settings):
    store_file(DATASETS, NAME, log)
    plain = f"/files/public/datasets/{NAME}"
    assert client.get(plain).status_code == 404

    settings.STORAGE_PUBLIC = True

    assert file_url(DATASETS, NAME) == settings.BASE_URL + plain
    assert client.get(plain).status_code == 200


def test_an_address_on_the_server_is_signed_and_ends(use_s3, log):
    use_s3()
    store_file(DATASETS, NAME, log)

    url = file_url(DATASETS, NAME)

    assert "X-Amz-Signature=" in url and "X-Amz-Expires=3600" in url and "/cb-datasets/" in url
    with urllib.request.urlopen(url) as answer:
        assert answer.read().decode() == log.read_text()


def test_an_address_on_a_public_server_is_plain(use_s3, log):
    use_s3(is_public=True)
    store_file(DATASETS, NAME, log)

    url = file_url(DATASETS, NAME)

    assert "?" not in url
    with urllib.request.urlopen(url) as answer:
        assert answer.read().decode() == log.read_text()


def test_models_and_what_people_upload_have_no_reader_on_a_public_server(use_s3):
    use_s3(is_public=True)

    for bucket in (MODELS, MEDIA):
        with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
            storages[bucket].connection.meta.client.get_bucket_policy(Bucket=f"cb-{bucket}")


# --- Setting up ------------------------------------------------------------------------------------------


def test_the_command_makes_what_is_missing_and_can_be_run_again(capsys, use_s3):
    call_command("make_buckets")
    assert capsys.readouterr().out.split("\n")[:3] == ["datasets: made.", "utils: made.", "models: made."]

    use_s3()
    call_command("make_buckets")

    assert "datasets: was there already." in capsys.readouterr().out


def test_an_installation_takes_its_files_along_to_the_server(use_s3, log, capsys):
    theirs = "datasets/dev/uploadToRetrain/1/a.csv"
    for bucket, name in ((DATASETS, NAME), (MEDIA, theirs), (MODELS, "default_models/a.pkl")):
        store_file(bucket, name, log)

    use_s3()

    assert "media: 1 files of this machine were copied" in capsys.readouterr().out
    assert [found.name for found in objects_under(DATASETS)] == [NAME]
    assert [found.name for found in objects_under(MODELS)] == ["default_models/a.pkl"]
    # What lies in the folder of another bucket is brought there, and not a second time.
    assert [found.name for found in objects_under(MEDIA)] == [theirs]
    call_command("make_buckets")
    assert "copied" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "url",
    ["http://key:secret@host/", "s3://host/", "s3://key:secret@host/?colour=red"],
    ids=["another protocol", "no key", "an unknown option"],
)
def test_an_address_of_a_server_that_cannot_work_is_refused_without_being_repeated(url):
    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL must read") as refusal:
        buckets(url, aliases=BUCKETS, is_public=False, url_minutes=60)

    assert "secret@host" not in str(refusal.value)


def test_an_endpoint_may_have_a_path_and_a_key_any_sign():
    url = "s3://a%2Fb:c%40d@ref.example.com/storage/v1/s3?region=eu-west-1"

    options = buckets(url, aliases=BUCKETS, is_public=False, url_minutes=5)["utils"]["OPTIONS"]

    assert options["endpoint_url"] == "https://ref.example.com/storage/v1/s3"
    assert (options["access_key"], options["secret_key"]) == ("a/b", "c@d")
    assert (options["region_name"], options["bucket_name"]) == ("eu-west-1", "utils")


# --- A purchase log on the server --------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_log_lives_and_goes_on_the_server(
    use_s3, user, do_jobs, settings, django_capture_on_commit_callbacks
):
    use_s3()
    analysis = start_analysis(member=membership(user), upload=log_file(with_faults=True), at=timezone.now())
    start_import(analysis=analysis, mapping=MAPPING, at=timezone.now())
    (job,) = do_jobs()
    assert job.error is None, job.error
    analysis.refresh_from_db()
    matrix = start_features(analysis=analysis, feature_set="rfm_v2", at=timezone.now())
    do_jobs()

    def stored():
        return [found.name for bucket in (DATASETS, UTILS) for found in objects_under(bucket, "org_")]

    matrix.refresh_from_db()
    assert len(stored()) == 5 and matrix.is_ready
    with urllib.request.urlopen(file_url(UTILS, matrix.csv_path)) as answer:
        assert answer.readline().startswith(b'"customer_id"')
    # Nothing of it stayed on this machine.
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert not any(settings.FILE_UPLOAD_TEMP_DIR.iterdir())

    with django_capture_on_commit_callbacks(execute=True):
        delete_analysis(analysis=analysis, typed=str(analysis), by=membership(user), at=timezone.now())

    assert not stored()


# --- Models on the server ----------------------------------------------------------------------------------


@pytest.fixture
def kept_version(use_s3, exported_models, model_types, company):
    use_s3()
    return register_version(
        company=company,
        population=telecom_base(),
        model_type=model_types["logistic_regression"],
        exported=exported_models["logistic_regression"],
        dataset=None,
        at=timezone.now(),
    )


@pytest.mark.django_db
def test_a_model_is_fetched_where_a_machine_has_no_copy(kept_version, company):
    version = kept_version
    kept = sorted(found.name for found in objects_under(MODELS))
    assert len(kept) >= 3 and all(name.startswith(f"retrained_models/{company.pk}/") for name in kept)

    shutil.rmtree(cache_folder(), ignore_errors=True)
    forget_loaded()
    assert load_scorer(version, at=timezone.now()).threshold

    taken = {name: cached_path(MODELS, name).read_bytes() for name in kept}
    storages[MODELS].bucket.objects.delete()
    storages[MODELS].bucket.delete()
    forget_loaded()
    with pytest.raises(FilesAway):
        load_scorer(version, at=timezone.now())
    version.refresh_from_db()
    assert version.is_ready

    storages[MODELS].make()
    for name, payload in taken.items():
        store_bytes(MODELS, name, payload)
    assert load_scorer(version, at=timezone.now()).threshold
    # What a bucket that is there does not have is lost.
    remove_file(MODELS, kept[0])
    forget_loaded()
    with pytest.raises(DamagedArtefact):
        load_scorer(version, at=timezone.now())


@pytest.mark.django_db
def test_models_of_an_erased_company_leave_the_server(
    use_s3, exported_models, model_types, company, operator, django_capture_on_commit_callbacks
):
    use_s3()
    register_version(
        company=company,
        population=telecom_base(),
        model_type=model_types["logistic_regression"],
        exported=exported_models["logistic_regression"],
        dataset=None,
        at=timezone.now(),
    )

    with django_capture_on_commit_callbacks(execute=True):
        erase_company(company=company, typed=company.name, by=operator, at=timezone.now())

    assert not list(objects_under(MODELS))
