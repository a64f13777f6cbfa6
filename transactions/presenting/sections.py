"""What the floors above put on the pages of a purchase log. Nothing here knows what a section shows."""

from dataclasses import dataclass

from core.sections import Link, Sections


@dataclass(frozen=True)
class LogTab(Link):
    """The tab of one step on the way of a log; the next is the first that `is_needed` and not done."""

    is_done: bool
    is_needed: bool = True


# Each is asked with the member and the log, once that is read.
log_sections = Sections()
# The `LogTab` beside those of this app; its page names the tab as the step that it is.
log_tabs = Sections()
# The `Link` to what is begun with a log by sending a form there.
log_actions = Sections()
