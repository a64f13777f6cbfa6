"""Features of customers from a log of their purchases, as known at a cutoff."""
