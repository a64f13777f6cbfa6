"""A function in a child process with limits. Knows nothing of ours."""
