"""Derived files: what can be made anew at any time, and is believed only while it is what was written.

Each carries a seal over its own content and the digest of what it was made from. One that was torn, edited or made
from something else, or is no file at all, counts as absent, so that its step makes it again: it is never an error and
never believed.

Below a home the seal is keyed (HMAC-SHA-256, see `infra.keys`), and covers the file's place in the home: nobody seals
an edited file, or one of another home or month, without the key. Elsewhere, where there is no key (what set-up
prepares), it is a plain digest: good against tearing only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.files import file_sha256, read_file, remove_file, replace_file, replace_files
from infra.journal import note
from infra.keys import read_key

DONE = "done.json"            # the last file of a set: names every other with its SHA-256
_END = b"}\n"
_HEAD = re.compile(rb'\{"sha256":"([0-9a-f]{64})","inputs":"([^"\\]*)","content":')
KEY = "derived"
_keys: dict[Path, bytes | Path] = {}     # a home's key; until it is first asked for, the folder that has it


def seal_with(home: Path, keys: Path) -> None:
    """Seal and believe the derived files below `home` by its key from now on; the key is in the folder `keys`."""
    _keys.setdefault(home, keys)


def save_derived(path: Path, content: Any, inputs: str = "") -> None:
    """Write JSON `content` with its digest; `inputs` is the digest of what it was made from."""
    replace_file(path, sealed(path, content, inputs))


def sealed(path: Path, content: Any, inputs: str = "") -> bytes:
    """Return the bytes of the derived file that stands at `path`, JSON itself: {"sha256", "inputs", "content"}."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    head = f'{{"sha256":"{_seal(path, inputs.encode(), body)}","inputs":"{inputs}","content":'
    assert _HEAD.fullmatch(head.encode()), "a digest is hexadecimal"
    return head.encode() + body + _END


def load_derived(path: Path, inputs: str | None = None) -> Any | None:
    """Return the content of a derived file; None when it is absent, torn, edited or made from other inputs.

    `inputs` None takes it whatever it was made from.
    """
    data = read_file(path)
    if data is None:
        return None
    head = _HEAD.match(data)
    body = data[head.end():-len(_END)] if head and data.endswith(_END) else b""
    if head is None or not hmac.compare_digest(head[1].decode(), _seal(path, head[2], body)):
        note(f"{path} is torn or was edited: it is made anew")
        return None
    if inputs is not None and head[2].decode() != inputs:
        return None
    return json.loads(body)


def save_set(folder: Path, files: Mapping[str, bytes], inputs: str = "") -> None:
    """Write files that belong together; the set is there once its last small file, `DONE`, is.

    Until then, and after any later change of one of them, `is_whole` says no.
    """
    remove_file(folder / DONE)
    replace_files({folder / name: data for name, data in files.items()})
    save_derived(folder / DONE, {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}, inputs)


def is_whole(folder: Path, inputs: str | None = None) -> bool:
    """Return whether a set was written to its end, from these inputs, and nothing of it has changed since."""
    listed = load_derived(folder / DONE, inputs)
    if listed is None:
        return False
    changed = [name for name, sha256 in listed.items() if file_sha256(folder / name) != sha256]
    if changed:
        note(f"{folder}: {', '.join(changed)} is torn or was edited: the set is made anew")
    return not changed


def forget_set(folder: Path, reason: str) -> None:
    """Let a set count as absent, so that its step makes it again; the journal says why."""
    note(f"{folder}: {reason}: the set is made anew")
    remove_file(folder / DONE)


def load_member(folder: Path, name: str) -> bytes | None:
    """Return the bytes of one file of a set; None when the set is not whole as far as that file goes."""
    listed = load_derived(folder / DONE)
    data = read_file(folder / name)
    if data is None:
        return None
    return data if listed is not None and listed.get(name) == hashlib.sha256(data).hexdigest() else None


def save_listed(listing: Path, files: Mapping[str, bytes]) -> None:
    """Write files for people, by their path from the folder of `listing`, and into that, sealed, what they are."""
    replace_files({listing.parent / name: data for name, data in files.items()})
    save_derived(listing, {name: hashlib.sha256(data).hexdigest() for name, data in files.items()})


def changed_since(listing: Path) -> list[Path]:
    """Return the files of a listing that are there and not what was written; the listing itself when it is torn."""
    listed = load_derived(listing)
    if listed is None:
        return [listing] if listing.exists() else []
    return [path for name, sha256 in sorted(listed.items())
            if file_sha256(path := listing.parent / name) not in ("", sha256)]


def _seal(path: Path, inputs: bytes, body: bytes) -> str:
    """Return the seal of what stands at `path`; in a home it holds at that place alone."""
    home = _home_of(path)
    if home is None:
        return hashlib.sha256(inputs + b"\0" + body).hexdigest()
    place = path.relative_to(home).as_posix().encode("utf-8", "surrogateescape")
    return hmac.new(_key_of(home), b"\0".join((place, inputs, body)), hashlib.sha256).hexdigest()


def _home_of(path: Path) -> Path | None:
    return next((home for home in _keys if path.is_relative_to(home)), None)


def _key_of(home: Path) -> bytes:
    key = _keys[home]
    if isinstance(key, Path):
        key = _keys[home] = read_key(key, KEY)
    return key
