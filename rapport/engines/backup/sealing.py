"""A backup under a passphrase: AES-256-GCM in blocks, so that neither a cut nor a swapped block goes unseen.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance", 2015): the nonce of a block holds its number and whether it is the last. The key is scrypt's
(RFC 7914; N=2^15, r=8, p=1) of the passphrase and a random salt.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rapport.engines.backup.problems import BackupProblem

MAGIC = b"RAPPORT-SEALED-1"
_BLOCK = 1 << 20
_TAG = 16


def is_sealed(path: Path) -> bool:
    """Does the file need a passphrase?"""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def seal(plain: Path, sealed: Path, passphrase: str) -> None:
    """Write `sealed`, which only the passphrase opens."""
    salt, prefix = secrets.token_bytes(16), secrets.token_bytes(7)
    box = AESGCM(_key(passphrase, salt))
    with plain.open("rb") as source, sealed.open("wb") as target:
        target.write(MAGIC + salt + prefix)
        number, block = 0, source.read(_BLOCK)
        while True:
            following = source.read(_BLOCK)
            target.write(box.encrypt(_nonce(prefix, number, is_last=not following), block, MAGIC))
            if not following:
                return
            number, block = number + 1, following


def unseal(sealed: Path, plain: Path, passphrase: str) -> None:
    """Write `plain`; raises BackupProblem for a wrong passphrase and for a file that was cut or changed."""
    with sealed.open("rb") as source, plain.open("wb") as target:
        head = source.read(len(MAGIC) + 23)
        salt, prefix = head[len(MAGIC) : len(MAGIC) + 16], head[len(MAGIC) + 16 :]
        if len(prefix) != 7:
            raise BackupProblem("This backup is cut off right at its beginning; take another copy of it.")
        box = AESGCM(_key(passphrase, salt))
        number, block = 0, source.read(_BLOCK + _TAG)
        while True:
            following = source.read(_BLOCK + _TAG)
            try:
                target.write(box.decrypt(_nonce(prefix, number, is_last=not following), block, MAGIC))
            except InvalidTag:
                what = "The passphrase is wrong, or the file was changed" if number == 0 else "The file was cut or changed"
                raise BackupProblem(f"{what}; nothing was restored. Try the passphrase again or take another copy.") from None
            if not following:
                return
            number, block = number + 1, following


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=64 * 2**20, dklen=32)


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, is_last)
