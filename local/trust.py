"""Trust in the strict platform's certificate."""

import ssl
import subprocess
from pathlib import Path

from local import tools, whole_file
from local.errors import LocalPlatformError
from local.layout import REPOSITORY, Platform


def ensure_certificate(platform: Platform) -> None:
    """Make the certificate and the CA bundle (the system's authorities and ours) if absent."""
    if platform.ca_bundle.exists():
        return
    python = str(tools.emulator_python(platform.tools))
    command = [python, "-m", "local.emulator.certificate", str(platform.certificate.parent)]
    made = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if made.returncode:
        raise LocalPlatformError(f"no certificate could be made:\n{made.stderr}")
    system = ssl.get_default_verify_paths().cafile
    authorities = Path(system).read_text(encoding="utf-8") if system else ""
    whole_file.replace(platform.ca_bundle, f"{authorities}\n{platform.certificate.read_text()}")
