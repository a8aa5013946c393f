"""The parts of a platform in Python; programs take them from ``larder.connect``."""
