"""The contestants of the training benchmark, one module each, and the process that runs one."""
