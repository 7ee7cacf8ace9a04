"""Prints what it is told to, and serves."""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        for number in range(int(query.get("lines", "0"))):
            sys.stdout.write(f"line {number} {query.get('word', 'said')}\n")
        sys.stdout.write(query.get("text", ""))
        sys.stdout.flush()
        if asked.path == "/crash":
            os._exit(3)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", 9000), Handler).serve_forever()
