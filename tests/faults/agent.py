"""The lightest agent there is: it answers what an agent is asked, and starts at once."""

import os
import socket

ANSWER = b'{"choices":[{"message":{"role":"assistant","content":"hello"}}]}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"

print("agent: it begins", flush=True)  # noqa: T201 - a line for the log
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    with connection:
        head = b""
        while b"\r\n\r\n" not in head and (data := connection.recv(65536)):
            head += data
        if head:
            length = f"content-length: {len(ANSWER)}\r\n\r\n".encode()
            connection.sendall(HEAD + length + ANSWER)
