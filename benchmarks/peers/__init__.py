"""Programs that are measured beside Larder, each on an interpreter of its own.

``answer`` is all they share; on a peer's interpreter nothing else of this repository can be
imported.
"""
