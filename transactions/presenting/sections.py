"""What the floors above put on the page of a purchase log. Nothing here knows what a section shows."""

from core.sections import Sections

# Each is asked with the member and the log, once that is read.
log_sections = Sections()
