"""The door of a site that everybody who knocks has signed in at already, on loopback."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5, pbkdf2_hmac
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from agentramp.site.signin import ROUNDS
from tests.served import served

KEY, CHALLENGE, SALT = "zKey", "a challenge", b"saltsalt"


def encrypted(secret: str) -> str:
    """As CryptoJS does it; that ours reads CryptoJS's own is tried in test_signin."""
    made = pbkdf2_hmac("sha512", CHALLENGE.encode(), KEY.encode(), ROUNDS, 32).hex().encode()
    block, found = b"", b""
    while len(found) < 48:
        block = md5(block + made + SALT, usedforsecurity=False).digest()
        found += block
    padder = PKCS7(128).padder()
    padded = padder.update(secret.encode()) + padder.finalize()
    cipher = Cipher(AES(found[:32]), CBC(found[32:48])).encryptor()
    return b64encode(b"Salted__" + SALT + cipher.update(padded) + cipher.finalize()).decode()


@contextmanager
def running(secret: str) -> Iterator[str]:
    """Its address; whoever signs in there is given ``secret``."""
    said = {"id": "s1", "accessKeyId": KEY, "challenge": CHALLENGE}
    said["accessKeySecret"] = encrypted(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None: ...

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        yield url
