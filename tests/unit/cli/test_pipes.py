"""Commands whose reader ends early, as in a pipe to ``head``, end without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from larder.cli.main import COMMANDS

ROOT = Path(__file__).parents[3]


def unread(*arguments, streams=("stdout",)):
    """Run a command whose output has no reader; what it says on the other stream.

    The output is buffered, as without PYTHONUNBUFFERED: what is left is written at the very end.
    """
    reader, writer = os.pipe()
    variables = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            stdout=writer,
            stderr=writer if "stderr" in streams else subprocess.PIPE,
            cwd=ROOT,
            env=variables,
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], *([c, "--help"] for c in COMMANDS)]
)
def test_every_command_of_larder_ends_quietly(arguments):
    done = unread("-m", "larder", *arguments)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_command_that_has_more_to_say_than_is_read_ends_quietly():
    code = (
        "import sys; from larder.cli import main as cli; "
        "cli._run = lambda _: print('x' * 100000) or 1; sys.exit(cli.main([]))"
    )
    done = unread("-c", code)
    assert (done.returncode, done.stderr) == (0, b"")


def test_progress_without_a_reader_does_not_stop_the_work():
    code = (
        "import sys; from larder.cli.progress import ProgressBar; "
        "from larder.progress import Progress; bar = ProgressBar(sys.stderr); "
        "[bar(Progress(str(n))) for n in range(3)]; open(sys.argv[1], 'w').write('done')"
    )
    target = ROOT / ".local" / "pipe-test"
    target.parent.mkdir(exist_ok=True)
    try:
        unread("-c", code, str(target), streams=("stdout", "stderr"))
        assert target.read_text() == "done"
    finally:
        target.unlink(missing_ok=True)


@pytest.mark.parametrize("arguments", [["status"], ["--help"], ["logs", "--help"]])
def test_the_local_platforms_commands_end_quietly(arguments):
    done = unread("-m", "local", *arguments)
    assert done.returncode in (0, 1)  # 1 where the platform was never begun
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr
