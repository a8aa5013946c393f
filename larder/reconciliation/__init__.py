"""What the online store and the history of a group disagree on, and how that is repaired."""
