"""HS256 tokens as a hand-made Better Auth front end makes them, and broken ones."""

import base64
import json
import time
import uuid

import jwt


def unique(name):
    """A user id that no other test has."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


def token(secret, sub, ttl=600, headers=None, **claims):
    now = int(time.time())
    return jwt.encode(
        {"sub": sub, "iat": now, "exp": now + ttl, **claims}, secret, algorithm="HS256", headers=headers
    )


def segment(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(sub):
    claims = {"sub": sub, "exp": int(time.time()) + 600}
    return f"{segment({'alg': 'none'})}.{segment(claims)}."
