"""Where pages about models and data lead to on the floors above: these say it, no address of theirs is here.

Each is asked with the member, and with what the link is about.
"""

from core.sections import Sections

# A base, or None where a page is about all of them: the `Link` to what is done with its models.
base_actions = Sections()
# A table that models learn from: the address of its page.
table_pages = Sections()
# A run that the challenger scored in the shadow: the address of its result; a `Link` to a file made of it.
run_pages = Sections()
run_files = Sections()
# Nothing more: the `Link` to where a table goes whose customers belong to no base yet.
doors_for_tables = Sections()
