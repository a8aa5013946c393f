"""A TCP proxy whose network is as bad as a test wants it to be."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading

HOST = "127.0.0.1"


@contextlib.contextmanager
def fault_proxy(target, *, certificate=None):
    """A ``FaultProxy`` in front of a server, on a port of its own, in a thread of its own.

    ``target`` is a port of this machine, ``host:port``, or a ``ValkeyServer``. A server of a
    cluster tells its clients where to come; it is told to name the proxy while that stands, so
    that no client comes round it. ``certificate`` is a directory with ``server.crt`` and
    ``server.key``: clients then speak TLS to the proxy, and the proxy plainly to the server.
    """
    announce = getattr(target, "announce", None)
    host, _, port = str(getattr(target, "address", target)).rpartition(":")
    proxy = FaultProxy(host or HOST, int(port), certificate)
    try:
        proxy.start()
        if announce is not None:
            announce(proxy.port)
        yield proxy
    finally:
        if announce is not None:
            announce(0)
        proxy.stop()


def tls_proxy(target, certificate):
    """A proxy that does nothing but end TLS, until it is told to do more; see ``fault_proxy``."""
    return fault_proxy(target, certificate=certificate)


class FaultProxy:
    """Passes bytes on, and breaks things when told to.

    What is told holds when the method has returned, for connections that are open and for those to
    come, until the opposite is told. ``connections`` counts those that were accepted.

    - ``delay(seconds)``: each way takes so much longer, so an exchange twice that; 0 ends it.
    - ``stall()``: nothing passes in either direction, and connections stay open; new ones are
      taken. ``resume()`` passes on all that was held, so that late replies do arrive.
    - ``reset()``: every open connection ends at once by RST, whatever was on its way is lost.
    - ``refuse()``: as ``reset()``, and new connections are refused until ``accept()``.
    - ``lead_to(target)``: new connections go to another server, as after a failover.
    - ``cut_replies(count)``: after so many more bytes of replies, counted over all connections,
      the one that has the next byte is closed in the middle; once.
    """

    def __init__(self, host, port, certificate):
        self.connections = 0
        self.port = 0
        self._target = host, port
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate / "server.crt", certificate / "server.key")
        self._delay = 0.0
        self._left = None
        self._open = set()
        self._tasks = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def address(self):
        """``host:port``, where clients should go."""
        return f"{HOST}:{self.port}"

    def delay(self, seconds):
        """See the class."""
        self._told(lambda: setattr(self, "_delay", seconds))

    def stall(self):
        """See the class."""
        self._told(self._flowing.clear)

    def resume(self):
        """See the class."""
        self._told(self._flowing.set)

    def reset(self):
        """See the class."""
        self._told(self._reset)

    def refuse(self):
        """See the class."""

        def close():
            self._hang_up()
            self._reset()

        self._told(close)

    def accept(self):
        """See the class."""
        self._do(self._listen())

    def lead_to(self, target):
        """See the class."""
        host, _, port = str(target).rpartition(":")
        self._told(lambda: setattr(self, "_target", (host or HOST, int(port))))

    def cut_replies(self, count):
        """See the class."""
        self._told(lambda: setattr(self, "_left", count))

    def start(self):
        """Begin to listen."""
        self._thread.start()
        self._do(self._listen())

    def stop(self):
        """End all connections and the thread."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._loop.run_forever()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    def _told(self, step):
        async def told():
            step()

        self._do(told())

    async def _listen(self):
        """Take connections one by one.

        A server of asyncio takes many at a time, and loses those that it has not begun to serve
        when it is closed: their sockets stay open (its ``_attach`` fails, Python 3.11).
        """
        listener = socket.create_server((HOST, self.port))
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._loop.add_reader(listener, self._take, listener)

    def _hang_up(self):
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    def _take(self, listener):
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the client went away before
        connection.setblocking(False)
        task = self._loop.create_task(self._accepted(listener, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self):
        self._hang_up()
        while True:
            for _ in range(3):  # what was just accepted begins, and is then among the open
                await asyncio.sleep(0)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if not others and not self._open:
                return
            self._reset()
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    def _reset(self):
        for writer in self._open:
            self._reset_one(writer)

    def _reset_one(self, writer):
        plain = writer.get_extra_info("socket")
        if plain is not None and plain.fileno() >= 0:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _accepted(self, listener, connection):
        """Serve one client, unless connections are refused since it came."""
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._tls
            )
        except (OSError, asyncio.CancelledError):
            return  # no TLS came of it
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        self._open.add(writer)
        if listener.fileno() < 0:
            self._reset_one(writer)
        await self._serve(reader, writer)

    async def _serve(self, reader, writer):
        self.connections += 1
        server = None
        try:
            answers, server = await asyncio.open_connection(*self._target)
            self._open.add(server)
            ways = [self._pass(reader, server, False), self._pass(answers, writer, True)]
            pumps = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # no server is behind, or the test is over: the client sees its connection end
        finally:
            await self._closed(*filter(None, (writer, server)))

    async def _closed(self, *ends):
        """Wait until both are closed: one whose peer reads nothing stays open until it is reset."""
        for end in ends:
            end.close()
        with contextlib.suppress(
            asyncio.CancelledError
        ):  # the proxy ends, and has reset all that were open
            await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)
        self._open.difference_update(ends)

    async def _pass(self, reader, writer, replies):
        """Pass on one direction until its end."""
        held = asyncio.Queue()
        drain = asyncio.ensure_future(self._deliver(held, writer, replies))
        try:
            while data := await reader.read(65_536):
                held.put_nowait((self._loop.time() + self._delay, data))
            held.put_nowait((0.0, b""))
            await drain
        except OSError:
            pass  # reset: the other side is told by closing it
        finally:
            drain.cancel()

    async def _deliver(self, held, writer, replies):
        while True:
            due, data = await held.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._flowing.wait()
            if not data:
                return
            if replies and self._left is not None:
                if len(data) >= self._left:
                    data, self._left = data[: self._left], None
                    writer.write(data)
                    writer.close()
                    return
                self._left -= len(data)
            writer.write(data)
            await writer.drain()
