"""Receiving a file: straight to disk, counted while it comes, refused as soon as it is too large."""

import os
import tempfile
from functools import wraps

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from core.errors import TooLarge
from predictions import files

# Names, tokens and boundaries around the file in the same request.
FORM_ALLOWANCE = 256 * 1024


class UploadTooLarge(TooLarge):
    code = "too_large"


def upload_limit() -> int:
    return settings.UPLOAD_MAX_MB * 1024 * 1024


class StoredUpload(UploadedFile):
    """A file that came with a form and already lies in the waiting room under a name of our own."""

    def __init__(self, name, content_type):
        # Django's own temporary file takes the extension from the sender; a long one breaks the file system.
        file = tempfile.NamedTemporaryFile(dir=files.waiting_room(), prefix="incoming-", delete=False)  # noqa: SIM115
        super().__init__(file, name, content_type)

    def temporary_file_path(self):
        return self.file.name

    def close(self):
        # Called at the end of every request: what no service took over goes.
        super().close()
        if os.path.exists(self.file.name):
            os.unlink(self.file.name)


class UploadToDisk(FileUploadHandler):
    """Write the file while it arrives, and stop reading once it is larger than this installation accepts."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > upload_limit() + FORM_ALLOWANCE:
            self._refuse()

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.file = StoredUpload(self.file_name, self.content_type)
        self.received = 0

    def receive_data_chunk(self, raw_data, start):
        self.received += len(raw_data)
        if self.received > upload_limit():
            self.file.close()
            self._refuse()
        self.file.write(raw_data)

    def file_complete(self, file_size):
        self.file.flush()
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        if hasattr(self, "file"):
            self.file.close()

    def _refuse(self):
        # The body is not read to its end; asking for it again (a template, a middleware) must not start anew.
        self.request._mark_post_parse_error()
        raise UploadTooLarge(
            f"The file is larger than {settings.UPLOAD_MAX_MB:,} MB, the most that is accepted here. "
            "Split it, or leave out columns that the model does not read.",
            field="file",
            extra={"kind": "too_large"},
        )


def receives_upload(view):
    """Decorate a view whose form has a file.

    The CSRF check reads the form, and handlers can only be set before that: the check is moved behind them.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def receiving(request, *args, **kwargs):
        set_handlers(request)
        return checked(request, *args, **kwargs)

    return receiving


def set_handlers(request):
    if request.method == "POST":
        request.upload_handlers = [UploadToDisk(request)]
