"""Claims judged on stored runs."""
