"""Where runs are trained: threads of this process, or the workers of a Dask cluster."""
