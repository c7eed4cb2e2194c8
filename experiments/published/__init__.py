"""Published results as experiments: the authors' settings, and their figures as claims."""
