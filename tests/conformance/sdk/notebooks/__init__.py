"""The calls of public SageMaker notebooks: see ``test_notebooks.py``.

Each module makes a notebook's calls in its order and with its arguments, on small data of the same
shape. Only the names of groups differ, which have a run's own prefix, and waits, which poll.
"""
