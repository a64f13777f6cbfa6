"""What the floors above put above every page of the portals. Nothing here knows what a part shows."""

from core.sections import Sections

# Each is asked with the request; only where a page shows it, and most fragments do not.
frame_sections = Sections()
