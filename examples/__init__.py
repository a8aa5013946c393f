"""Programs that use a running platform; `python -m examples.NAME` runs one."""
