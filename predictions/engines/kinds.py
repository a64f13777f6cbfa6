"""What may have become of a customer, how two logs may stand to each other, and what a job is doing.

Apart from what finds it out, so that a page can name it without loading what calculates.
"""

# In the order in which they are listed: the first are to be called.
NEW, STILL, BOUGHT, CALMER, SILENT = "new", "still named", "bought since", "less likely now", "lapsed"
CHANGES = (NEW, STILL, BOUGHT, CALMER, SILENT)

# How the table calls what the file says of a customer.
STAYED, LEFT = "stayed", "left"

CONTAINS, CONTINUES, NEITHER = "contains", "continues", "neither"

WERE_CLOSED = (
    "If nothing was open then, a developer can say so on the page “When is a customer lost?” of this log."
)

LOADING, COMPARING, COMPUTING = "Loading the model", "Comparing with the log before", "Computing features"
SCORING, EXPLAINING = "Scoring customers", "Explaining the result"
