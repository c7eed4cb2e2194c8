"""What runs are expected to show: claims as a file states them, and whether samples support them."""
