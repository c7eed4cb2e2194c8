"""The experiments as data: specs that `nncli sweep` runs, with what they are expected to show."""
