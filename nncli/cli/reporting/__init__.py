"""What `nncli report` does: its request, the views it asks for, and where they are shown."""
