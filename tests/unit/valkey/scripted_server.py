"""A server that answers what it is told to, right or wrong."""

import contextlib
import socket
import threading

from hiredis import Reader

NO_CLUSTER = b"-ERR This instance has cluster support disabled\r\n"
END = None
"""In place of an answer: the connection is closed."""


class ScriptedServer:
    """Answers each command by what ``answer`` gives for its words: bytes, ``END``, or a list.

    ``connections`` and ``commands`` tell what happened.
    """

    def __init__(self, answer):
        self.answer = answer
        self.connections = 0
        self.commands = []

    @contextlib.contextmanager
    def serving(self):
        """Serve on a free port of this machine, and give the address."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            yield f"127.0.0.1:{listener.getsockname()[1]}"
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(timeout=10)

    def _accept(self, listener):
        with contextlib.suppress(OSError):  # the listener is closed when the test is over
            while True:
                client, _ = listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        reader = Reader()
        with client, contextlib.suppress(OSError):
            while data := client.recv(65_536):
                reader.feed(data)
                while (words := reader.gets()) is not False:
                    if not self._answered(client, words):
                        return

    def _answered(self, client, words):
        self.commands.append(words[0])
        given = NO_CLUSTER if words[0] == b"CLUSTER" else self.answer(words)
        for part in given if isinstance(given, list) else [given]:
            if part is END:
                return False
            client.sendall(part)
        return True
