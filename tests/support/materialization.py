"""What materialization needs beside its stores."""


class MemoryPositions:
    """The positions of groups, as ``S3Positions`` keeps them."""

    def __init__(self):
        self.noted = {}

    def of(self, group):
        return self.noted.get(group.uid)

    def note(self, group, snapshot_id):
        self.noted[group.uid] = snapshot_id
