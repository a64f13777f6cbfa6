"""Addresses of stored files that need no login: who has one may read that file, and no other."""

from pathlib import PurePosixPath

from django.conf import settings
from django.http import Http404
from django.views.decorators.http import require_safe

from core.downloads import CSV, UNKNOWN
from core.files.store import exists, read_token, send_object
from core.files.stored import PUBLISHABLE, FileIsGone


@require_safe
def signed_file(request, token):
    try:
        bucket, name = read_token(token)
    except FileIsGone as error:
        raise Http404 from error
    return _send(request, bucket, name)


@require_safe
def public_file(request, name):
    bucket, _, rest = name.partition("/")
    if not settings.STORAGE_PUBLIC or bucket not in PUBLISHABLE:
        raise Http404
    return _send(request, bucket, rest)


def _send(request, bucket, name):
    # The local folders hold more than what the buckets of S3 would: only folders of companies are handed out.
    path = PurePosixPath(name)
    is_plain = path.as_posix() == name and ".." not in path.parts
    if not is_plain or not name.startswith("org_") or not exists(bucket, name):
        raise Http404
    content_type = CSV if path.suffix == ".csv" else UNKNOWN
    return send_object(request, bucket, name, filename=path.name, content_type=content_type)
