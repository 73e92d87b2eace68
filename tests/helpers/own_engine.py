"""A Docker engine of the tests' own, in a network namespace of its own, to be stopped and broken.

Nothing of it touches the machine's engine: it has its own folders, socket, bridges and packet
filter. What talks to its containers' ports has to be inside the namespace: `prefix` leads there.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from rig.daemons import start_ticks

_CLONE_NEWNET = 0x40000000
# Brings the loopback up (SIOCSIFFLAGS, IFF_UP), then stays as long as its stdin is open.
_HOLDER = """
import fcntl, socket, struct, sys
with socket.socket() as plug:
    fcntl.ioctl(plug, 0x8914, struct.pack("16sh22x", b"lo", 1))
print("up", flush=True)
sys.stdin.read()
"""


def missing() -> str:
    """Why no engine of one's own can be had here; empty where it can."""
    if os.geteuid() != 0:
        return "an engine of the tests' own needs root"
    for program in ("dockerd", "unshare", "nsenter"):
        if shutil.which(program) is None:
            return f"an engine of the tests' own needs {program}"
    return ""


class OwnEngine:
    """An engine that isn't started yet; `close` removes everything."""

    def __init__(self) -> None:
        # Short: a socket's path may have 107 characters.
        self.place = Path(tempfile.mkdtemp(prefix="kt-engine-"))
        self.socket = self.place / "docker.sock"
        # Images in memory: written at once, and gone at once.
        subprocess.run(["mount", "-t", "tmpfs", "kt-engine", str(self.place)], check=False)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._holder = subprocess.Popen(
            ["unshare", "--net", sys.executable, "-c", _HOLDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n"

    @property
    def prefix(self) -> tuple[str, ...]:
        return ("nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--")

    @property
    def env(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def start(self, seconds: float = 30) -> None:
        """Start the engine and wait until it answers."""
        config = self.place / "daemon.json"
        config.write_text("{}\n")
        argv = [*self.prefix, "dockerd", "--config-file", str(config), "--bridge", "none"]
        argv += ["--data-root", str(self.place / "data"), "--exec-root", str(self.place / "exec")]
        argv += ["--pidfile", str(self.place / "pid"), "--host", f"unix://{self.socket}"]
        # A download that breaks off is told at once, not after four more tries in 50 s.
        argv += ["--max-download-attempts", "1"]
        with (self.place / "log").open("ab") as log:
            self._daemon = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + seconds
        while not self._answers():
            assert self._daemon.poll() is None and time.monotonic() < end, self.tail()
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 60) -> None:
        """End the engine: SIGTERM takes its containers along, SIGKILL is a crash."""
        if self._daemon is None:
            return
        helper = self.place / "exec" / "containerd" / "containerd.pid"
        pid = int(helper.read_text())
        self._daemon.send_signal(number)
        self._daemon.wait(seconds)
        self._daemon = None
        # A new engine would take a dying helper for one that it can use.
        end = time.monotonic() + seconds
        while start_ticks(pid) is not None:
            assert time.monotonic() < end, f"containerd {pid} is still there"
            time.sleep(0.05)
        helper.unlink(missing_ok=True)

    def docker(self, *arguments: str, check: bool = True, timeout: float = 120) -> str:
        """Run docker on this engine; what it printed on stdout, stripped."""
        done = subprocess.run(
            ["docker", *arguments],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def load(self, images: Iterable[str]) -> None:
        """Take images over from the machine's engine."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saving:
            subprocess.run(
                ["docker", "load", "--quiet"],
                stdin=saving.stdout,
                stdout=subprocess.DEVNULL,
                env={**os.environ, **self.env},
                check=True,
            )
        assert saving.returncode == 0

    def listen(self) -> socket.socket:
        """A socket that listens on the namespace's loopback, on a port of the system's choice."""
        made: list[socket.socket] = []

        def inside() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{self._holder.pid}/ns/net") as place:  # noqa: PTH123
                assert libc.setns(place.fileno(), _CLONE_NEWNET) == 0, ctypes.get_errno()
            made.append(socket.create_server(("127.0.0.1", 0)))

        # A namespace is a thread's; a socket keeps the one that it was made in.
        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        return made[0]

    def tail(self) -> str:
        lines = (self.place / "log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-15:])

    def close(self) -> None:
        """End the engine and its containers, and delete what it had."""
        try:
            if self._daemon is not None:
                if ids := self.docker("ps", "-aq", check=False).split():
                    self.docker("rm", "-fv", *ids, check=False)
                self.stop()
        finally:
            self._holder.communicate()
            self._unmount()
            shutil.rmtree(self.place, ignore_errors=True)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as plug:
            plug.settimeout(5)
            try:
                plug.connect(str(self.socket))
                plug.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in plug.recv(64)
            except OSError:
                return False

    def _unmount(self) -> None:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        for place in reversed([line.split()[1] for line in mounts]):
            if Path(place).is_relative_to(self.place):
                subprocess.run(["umount", "--lazy", place], check=False)
