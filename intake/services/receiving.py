"""Files while they arrive: streamed to disk, and counted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from core.errors import TooLarge
from intake.limits import TOO_LARGE, request_limit, too_large, upload_limit
from intake.services.waiting import waiting_room


class UploadTooLarge(TooLarge):
    code = TOO_LARGE


class StoredUpload(UploadedFile):
    """A file that came with a form and already lies in the waiting room under a name of our own."""

    def __init__(self, name, content_type):
        # Django's own temporary file takes the extension from the sender; a long one breaks the file system.
        file = tempfile.NamedTemporaryFile(dir=waiting_room(), prefix="incoming-", delete=False)  # noqa: SIM115
        super().__init__(file, name, content_type)

    def temporary_file_path(self):
        return self.file.name

    def close(self):
        # Called at the end of every request: what no service took over goes.
        with suppress(OSError):
            # On a full disk its last piece cannot be written; nobody wants it.
            super().close()
        Path(self.file.name).unlink(missing_ok=True)


class UploadToDisk(FileUploadHandler):
    """Write the file while it arrives, and stop reading once it is larger than this installation accepts."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > request_limit():
            self._refuse()

    unfinished: StoredUpload | None = None

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.unfinished = StoredUpload(self.file_name, self.content_type)
        self.received = 0

    def receive_data_chunk(self, raw_data, start):
        self.received += len(raw_data)
        if self.received > upload_limit():
            self._refuse()
        self.unfinished.write(raw_data)

    def file_complete(self, file_size):
        whole = self.unfinished
        whole.flush()
        whole.seek(0)
        whole.size = file_size
        self.unfinished = None
        return whole

    def drop_unfinished(self):
        if self.unfinished:
            self.unfinished.close()

    def _refuse(self):
        # The body is not read to its end; asking for it again (a template, a middleware) must not start anew.
        self.request._mark_post_parse_error()
        raise UploadTooLarge(too_large(), field="file", extra={"kind": TOO_LARGE})


@contextmanager
def streaming_to_disk(request) -> Iterator[None]:
    """Let the file that `request` brings be written while it arrives. To be entered before its form is read.

    Whatever stops it half-way (a refusal, somebody who hangs up, a full disk), nothing of it is left.
    """
    if request.method != "POST":
        yield
        return
    handler = UploadToDisk(request)
    request.upload_handlers = [handler]
    try:
        yield
    finally:
        handler.drop_unfinished()
