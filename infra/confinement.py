"""What a process that opens foreign files gives up before it does: privileges, files, processes, the network.

Everything is taken from the kernel directly (prctl, Landlock, seccomp), because a child between fork and work can
afford no more than a few system calls. `Confinement` is prepared once, before the forks; `enter` is irrevocable.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

NO_NEW_PRIVS, SECCOMP, DUMPABLE = 38, 22, 4  # prctl options
FILTER_MODE = 2
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same numbers on every architecture
READ_RIGHTS = 1 << 2 | 1 << 3  # read a file, list a folder
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # all rights of an ABI version
TCP_RIGHTS, SCOPES = 3, 3  # bind and connect; abstract sockets and signals outside
CLONE_THREAD = 0x10000
ALLOW, REFUSE, END = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
UNKNOWN = 0x00050000 | errno.ENOSYS
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the tables below, audit number
# Calls that no reader of files needs, by name: their numbers on x86_64 and aarch64.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # programs and processes
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117),
    "kill": (62, 129), "tkill": (200, 130), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    # sockets
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
    # the file tree
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "mount_setattr": (442, 442), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsmount": (432, 432), "link": (86, None), "linkat": (265, 37), "symlink": (88, None),
    "symlinkat": (266, 36), "mknod": (133, None), "mknodat": (259, 33), "chmod": (90, None), "fchmod": (91, 52),
    "fchmodat": (268, 53), "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    # the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224),
    "swapoff": (168, 225), "sethostname": (170, 161), "setdomainname": (171, 162),
}  # fmt: skip
SPECIAL = {"clone": (56, 220), "clone3": (435, 435), "prlimit": (302, 261)}


class Confinement:
    """The walls of a child. Prepare it in the process that forks, call `enter` in the child."""

    def __init__(self, readable: Iterable[Path] = ()) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._filter = _seccomp_program()
        self._ruleset = self._landlock_ruleset(readable)

    def enter(self) -> list[str]:
        """Give up what the kernel lets one give up; return what it did not, in words of `DEFENCES`."""
        missing = []
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        if self._libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            missing.append("no_new_privs")
        self._libc.prctl(DUMPABLE, 0, 0, 0, 0)
        if self._ruleset < 0 or self._libc.syscall(LANDLOCK_RESTRICT, self._ruleset, 0) != 0:
            missing.append("landlock")
        if self._filter is None or self._libc.prctl(SECCOMP, FILTER_MODE, ctypes.byref(self._filter), 0, 0) != 0:
            missing.append("seccomp")
        return missing

    def _landlock_ruleset(self, readable: Iterable[Path]) -> int:
        """Return a ruleset under which nothing can be written and only `readable` folders read; -1 without Landlock."""
        version = self._libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
        if version < 1:
            return -1
        rights = FILE_RIGHTS[max(v for v in FILE_RIGHTS if v <= version)]
        fields = [rights, TCP_RIGHTS if version >= 4 else 0, SCOPES if version >= 6 else 0]
        size = 24 if version >= 6 else 16 if version >= 4 else 8
        attributes = struct.pack("<QQQ", *fields)[:size]
        ruleset = int(self._libc.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0)))
        for path in readable if ruleset >= 0 else ():
            self._let_read(ruleset, path)
        return ruleset

    def _let_read(self, ruleset: int, path: Path) -> None:
        with contextlib.suppress(OSError):
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rights = READ_RIGHTS if path.is_dir() else 1 << 2
            rule = struct.pack("<Qi", rights, folder)
            self._libc.syscall(LANDLOCK_ADD, ruleset, 1, rule, ctypes.c_uint32(0))
            os.close(folder)


DEFENCES = {
    "no_new_privs": "không cấm được việc lấy thêm quyền (prctl no_new_privs)",
    "landlock": "không chặn được việc đọc, ghi tệp ngoài phạm vi (Landlock)",
    "seccomp": "không chặn được việc chạy chương trình khác và mở kết nối mạng (seccomp)",
}


def folders_of_python(project: Path, code: Iterable[str]) -> list[Path]:
    """Return what a child must be able to read to import: interpreter, libraries, our code; nothing of the home."""
    own = [project / name for name in code]
    prefixes = {Path(p).resolve() for p in (sys.base_prefix, sys.exec_prefix, sys.prefix)}
    libraries = [Path(p) for p in sys.path if "site-packages" in p or "dist-packages" in p or p.endswith("lib-dynload")]
    inside = [p / name for p in prefixes for name in ("lib", "lib64", "share/zoneinfo")]
    system = [Path(p) for p in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache",
                                "/usr/share/zoneinfo", "/dev/null", "/dev/urandom")]  # fmt: skip
    return [path for path in dict.fromkeys([*own, *inside, *libraries, *system]) if path.exists()]


def _seccomp_program() -> ctypes.Structure | None:
    """Return the filter that refuses the calls of `REFUSED` with "not permitted"; None on an unknown architecture."""
    if platform.machine() not in ARCHITECTURES or sys.maxsize < 2**32:
        return None
    column, architecture = ARCHITECTURES[platform.machine()]
    special = {name: int(numbers[column]) for name, numbers in SPECIAL.items()}
    refused = [number for numbers in REFUSED.values() if (number := numbers[column]) is not None]
    code: list[tuple[int, int, int, int]] = [
        (0x20, 0, 0, 4), (0x15, 1, 0, architecture), (0x06, 0, 0, END),  # another architecture's numbers: end
        (0x20, 0, 0, 0), (0x35, 0, 1, 0x40000000), (0x06, 0, 0, REFUSE),  # the numbers of x32
        (0x15, 0, 1, special["clone3"]), (0x06, 0, 0, UNKNOWN),  # the C library then falls back to clone
        (0x15, 0, 4, special["clone"]), (0x20, 0, 0, 16), (0x45, 1, 0, CLONE_THREAD), (0x06, 0, 0, REFUSE),
        (0x06, 0, 0, ALLOW),
        (0x15, 0, 4, special["prlimit"]), (0x20, 0, 0, 16), (0x15, 1, 0, 0), (0x06, 0, 0, REFUSE), (0x06, 0, 0, ALLOW),
    ]  # fmt: skip
    for number in refused:
        code += [(0x15, 0, 1, number), (0x06, 0, 0, REFUSE)]
    return _program([*code, (0x06, 0, 0, ALLOW)])


def _program(code: list[tuple[int, int, int, int]]) -> ctypes.Structure:
    raw = b"".join(struct.pack("<HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    program = _Program(len(code), ctypes.addressof(buffer))
    program.buffer = buffer  # the program points into it: it lives as long
    return program


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))
