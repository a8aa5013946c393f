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


def dial(port, many):
    """Clients that come, and go when they please."""
    for _ in range(many):
        with socket.socket() as client:
            try:
                client.connect((HOST, port))
            except OSError:
                return  # the proxy refuses: what it was told


def refuse_a_crowd():
    """A proxy's whole life: it refuses clients, twice, and ends, while they come."""
    with socket.create_server((HOST, 0)) as listener:
        proxy = FaultProxy(HOST, listener.getsockname()[1], None)
        proxy.start()
        for step in (proxy.refuse, proxy.refuse, proxy.accept, proxy.stop):
            crowd = [threading.Thread(target=dial, args=[proxy.port, 500]) for _ in range(3)]
            for client in crowd:
                client.start()
            step()
            for client in crowd:
                client.join()


def test_connections_that_come_while_it_closes_are_closed():
    refuse_a_crowd()
    gc.collect()
