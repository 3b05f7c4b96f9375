# Reads a password and, on a second line, the verifier that PostgreSQL has of one
# (or nothing); prints that verifier if it is this password's, else a new one.
# RFC 5803 has the form, RFC 5802 the arithmetic.
import base64
import hashlib
import hmac
import os
import sys


def verifier(password, salt, iterations):
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt, stored, server = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${iterations}:{salt}${stored}:{server}"


password, known = (sys.stdin.read() + "\n\n").split("\n")[:2]
parts = known.replace("$", ":").split(":")
salt, iterations = os.urandom(16), 4096
if len(parts) == 5 and parts[0] == "SCRAM-SHA-256":
    salt, iterations = base64.b64decode(parts[2]), int(parts[1])
    if verifier(password.encode(), salt, iterations) != known:
        salt = os.urandom(16)
print(verifier(password.encode(), salt, iterations))
