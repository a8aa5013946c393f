"""Objects of S3 as files of this machine, for what runs in a test's own process."""

import hashlib
import shutil
from pathlib import Path


class Folder:
    """Objects below a folder: ``s3://bucket/key`` is the file ``bucket/key``."""

    def __init__(self, root):
        self.root = root

    def path(self, address):
        return self.root / address.removeprefix("s3://")

    def read(self, address):
        path = self.path(address)
        return path.read_bytes() if path.exists() else None

    def digest(self, address):
        body = self.read(address)
        return None if body is None else hashlib.sha256(body).hexdigest()

    def write(self, address, body):
        path = self.path(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def listed(self, address):
        path = self.path(address)
        for each in sorted(path.rglob("*")) if path.exists() else ():
            if each.is_file():
                yield f"s3://{each.relative_to(self.root)}", each.stat().st_size

    def fetch(self, address, path):
        shutil.copy(self.path(address), path)

    def send(self, path, address):
        self.write(address, Path(path).read_bytes())

    def copy(self, address, to):
        self.write(to, self.read(address))
