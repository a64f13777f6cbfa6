"""Refusals that a person can act on. Each door turns them into its own kind of answer, in one place."""


class DomainError(Exception):
    """A refusal: a full sentence for people, a stable `code` for programs, an HTTP status for both.

    Parameters
    ----------
    message
        What happened, where, and what to do, as one or two sentences.
    code, http_status
        Replace those of the class.
    field
        The form field or parameter that the refusal is about.
    extra
        Further JSON-able details for programs (line, column, ...).
    """

    code = "refused"
    http_status = 400

    def __init__(self, message, *, code=None, http_status=None, field=None, extra=None):
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.http_status = http_status or self.http_status
        self.field = field
        self.extra = dict(extra or {})

    def as_dict(self) -> dict:
        return {"code": self.code, "message": self.message, **self.extra}


class Forbidden(DomainError):
    code = "forbidden"
    http_status = 403


class NotFound(DomainError):
    code = "not-found"
    http_status = 404


class Conflict(DomainError):
    code = "conflict"
    http_status = 409


class TooLarge(DomainError):
    code = "too-large"
    http_status = 413


class Unprocessable(DomainError):
    code = "unprocessable"
    http_status = 422
