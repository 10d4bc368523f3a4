"""Many tokens, fast: HS256 with the stack's secret, EdDSA with a key that is in the stack's jwks table."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LIFETIME_S = 86_400
KEY_ID = "bench-ed25519"
SCHEMA = """create table if not exists jwks (id text primary key, "publicKey" text not null, "privateKey" text not null,
  "createdAt" timestamptz not null)"""


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def claims(user, number=None):
    """The payload; a number makes it one of a kind."""
    now = int(time.time())
    made = {"sub": user, "iat": now, "exp": now + LIFETIME_S}
    return made if number is None else {**made, "jti": f"{number:08d}"}


def tokens(head, sign, payloads):
    for payload in payloads:
        signed = f"{head}.{encode(json.dumps(payload).encode())}"
        yield f"{signed}.{encode(sign(signed.encode()))}"


def hs256(secret, payloads):
    key = secret.encode()
    return tokens(encode(b'{"alg":"HS256"}'), lambda signed: hmac.digest(key, signed, hashlib.sha256), payloads)


class EdDsaKey:
    """A key pair of the benchmark's own, as Better Auth's jwt plugin would have made it."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()

    def publish(self, stack):
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": encode(public)})
        with stack.database() as connection, connection.cursor() as cursor:
            cursor.execute(SCHEMA)
            cursor.execute("insert into jwks values (%s, %s, 'none here', now())", (KEY_ID, jwk))
        return self

    def tokens(self, payloads):
        head = encode(json.dumps({"alg": "EdDSA", "kid": KEY_ID}).encode())
        return tokens(head, self.key.sign, payloads)
