"""What the floors above put on the pages of a purchase log. Nothing here knows what a section shows."""

from core.sections import Sections

# Each is asked with the member and the log, once that is read.
log_sections = Sections()
# The `Link` in a tab beside those of this app; its page names the tab as the step that it is.
log_tabs = Sections()
# The `Link` to what is begun with a log by sending a form there.
log_actions = Sections()
