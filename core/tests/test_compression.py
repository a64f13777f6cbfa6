"""Pages and answers to programs travel compressed; downloads keep their length."""

import gzip
import json

import pytest
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import RequestFactory

from core.compression import CompressionMiddleware

LONG = "Of 100 customers, 12 leave. " * 100


def answered(response, encoding="gzip, br"):
    request = RequestFactory().get("/", headers={"accept-encoding": encoding})
    return CompressionMiddleware(lambda _: response)(request)


@pytest.mark.parametrize(
    ("response", "text"),
    [(HttpResponse(LONG), LONG), (JsonResponse({"told": LONG}), json.dumps({"told": LONG}))],
)
def test_a_page_and_an_answer_are_compressed(response, text):
    told = answered(response)

    assert told["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in told["Vary"]
    assert len(told.content) < len(text) / 4
    assert gzip.decompress(told.content).decode() == text


def test_nothing_is_compressed_for_who_cannot_read_it():
    assert "Content-Encoding" not in answered(HttpResponse(LONG), encoding="identity")


def test_the_length_of_a_page_does_not_tell_its_secrets():
    lengths = {len(answered(HttpResponse(LONG)).content) for _ in range(20)}

    assert len(lengths) > 1


@pytest.mark.parametrize("kind", ["text/csv", "text/html"])
def test_a_download_keeps_its_length(tmp_path, kind):
    (tmp_path / "result.csv").write_text(LONG)
    file = FileResponse((tmp_path / "result.csv").open("rb"), content_type=kind)

    assert "Content-Encoding" not in answered(file)
    assert file["Content-Length"] == str(len(LONG))
    assert "Content-Encoding" not in answered(StreamingHttpResponse([LONG], content_type=kind))
