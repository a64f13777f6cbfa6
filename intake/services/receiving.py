"""Files while they arrive: streamed to disk, and counted."""

import tempfile
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
        super().close()
        Path(self.file.name).unlink(missing_ok=True)


class UploadToDisk(FileUploadHandler):
    """Write the file while it arrives, and stop reading once it is larger than this installation accepts."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > request_limit():
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
        raise UploadTooLarge(too_large(), field="file", extra={"kind": TOO_LARGE})


def stream_to_disk(request) -> None:
    """Let the file that `request` brings be written while it arrives. To be set before its form is read."""
    if request.method == "POST":
        request.upload_handlers = [UploadToDisk(request)]
