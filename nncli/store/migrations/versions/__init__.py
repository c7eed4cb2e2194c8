"""One migration a file, named v<version>_<what>.py. A released one is never edited."""
