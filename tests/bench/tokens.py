"""Prints HS256 tokens for user-1 … user-N, one a line: tokens.py N, the secret in BETTER_AUTH_SECRET."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def token(user: str, secret: bytes, now: int) -> str:
    claims = {"sub": user, "iat": now, "exp": now + 86400}
    signed = encode(b'{"alg":"HS256"}') + "." + encode(json.dumps(claims).encode())
    return signed + "." + encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


if __name__ == "__main__":
    key = os.environ["BETTER_AUTH_SECRET"].encode()
    start = int(time.time())
    for number in range(1, int(sys.argv[1]) + 1):
        print(token(f"user-{number}", key, start))
