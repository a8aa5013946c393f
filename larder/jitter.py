"""Chance that is never the same twice, wherever a process came from.

Environments that Lambda restores from one snapshot share the state of ``random``'s own generator,
which is seeded at import: they would pause, and let their entries lapse, at the same instants.
The system's generator has no state of ours. Source: AWS, "Handling uniqueness with Lambda
SnapStart".
"""

from random import SystemRandom

_SYSTEM = SystemRandom()
jitter = _SYSTEM.random
"""A number from 0 to 1, 1 excluded."""
shuffle = _SYSTEM.shuffle
"""Puts a list into an order of chance."""
