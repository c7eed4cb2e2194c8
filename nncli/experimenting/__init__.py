"""The experiments that nncli ships: found by name, run, judged."""
