"""What the floors above put on the page of a purchase log. Nothing here knows what a section shows."""

from dataclasses import dataclass

from core.sections import Sections

# Each is asked with the member and the log, once that is read.
log_sections = Sections()
# The steps that follow those of this app; a page that is one of them says so by the name of its step.
log_steps = Sections()
# The `Link` to what is begun with a log by sending a form there.
log_actions = Sections()


@dataclass(frozen=True)
class LogStep:
    """One more step on the way of a log.

    Parameters
    ----------
    label, url
        Name of its tab, and its address.
    action, text
        What is done there, as something to do next, and what comes of it.
    """

    label: str
    url: str
    action: str
    text: str
