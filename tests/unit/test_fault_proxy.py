"""The proxy that breaks connections leaves none of its own open."""

import gc
import socket
import threading

from tests.support.deadlines import eventually
from tests.support.fault_proxy import HOST, FaultProxy


def send_much(listener):
    connection, _ = listener.accept()
    with connection:
        try:
            connection.sendall(bytes(64 << 20))
        except OSError:
            return  # the proxy has ended: what it should do


def leave_replies_unread():
    """A proxy's whole life; its client ends with replies on their way."""
    with socket.create_server((HOST, 0)) as listener:
        server = threading.Thread(target=send_much, args=[listener])
        server.start()
        proxy = FaultProxy(HOST, listener.getsockname()[1], None)
        proxy.start()
        with socket.create_connection((HOST, proxy.port)) as client:
            eventually(lambda: any(end.transport.get_write_buffer_size() for end in proxy._open))
            ends = list(proxy._open)
            client.shutdown(socket.SHUT_WR)
            eventually(lambda: all(end.transport.is_closing() for end in ends))
            proxy.stop()
        server.join()


def test_a_connection_that_has_unread_replies_is_closed_with_the_proxy():
    leave_replies_unread()
    gc.collect()  # an open transport is an error of this test then
