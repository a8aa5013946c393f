"""A look into the platform's Valkey from outside, by inline commands."""

import socket


def ask(port: int, command: str) -> bytes:
    """One command, its words without spaces, and the start of its answer as it comes (RESP)."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(4096)


def number(port: int, command: str) -> int:
    """One command that is answered by an integer."""
    return int(ask(port, command).removeprefix(b":"))
