"""What a sweep searches: options with lists, ranges and distributions, conditions, constraints."""
