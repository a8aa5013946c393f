"""Models' ports on their technologies."""
