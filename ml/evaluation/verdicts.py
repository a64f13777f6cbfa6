"""What a comparison of two versions may come to. Pages and services read it without loading a library."""

BETTER, WORSE, NO_REAL_DIFFERENCE = "better", "worse", "no_real_difference"
