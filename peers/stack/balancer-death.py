#!/usr/bin/env python3
"""Measures what the ends of its connections see of a real HAProxy that is ended, and how long a fresh one takes to listen.

    python3 peers/stack/balancer-death.py

A server and clients of this script's own behind HAProxy (Debian: apt-get install haproxy), in http and in tcp mode, ended by SIGKILL and
SIGTERM. Prints a line for each end of each connection; nothing is judged.
"""

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

FRONT, BACK = 18700, 18701
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# HAProxy checks the key of a websocket and its answer: those of RFC 6455, section 1.3.
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
GET = "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = (
    "GET /{} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def until_end(wire, seen, name):
    """Notes how a connection ends, and when."""
    try:
        while wire.recv(4096):
            pass
        how = "FIN"
    except ConnectionResetError:
        how = "RST"
    except TimeoutError:
        how = "open"
    seen[name] = (how, time.monotonic())


def serve(listener, seen):
    while True:
        try:
            wire, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(wire, seen), daemon=True).start()


def answer(wire, seen):
    head = wire.recv(4096).decode()
    kind = head.split(" ")[1][1:] if head else "nothing"
    if kind == "idle":
        wire.sendall(OK)
    elif kind == "tunnel":
        wire.sendall(SWITCH)
    until_end(wire, seen, f"server, {kind}")


def start(folder, mode):
    path = os.path.join(folder, "haproxy.cfg")
    lines = ["defaults", f"  mode {mode}", "  timeout connect 5s", "  timeout client 60s", "  timeout server 60s",
             "listen f", f"  bind 127.0.0.1:{FRONT}", f"  server s1 127.0.0.1:{BACK}"]
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    began = time.monotonic()
    process = subprocess.Popen(["haproxy", "-f", path], stderr=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", FRONT)).close()
            return process, (time.monotonic() - began) * 1000
        except OSError:
            time.sleep(0.0005)


def client(kind, seen):
    wire = socket.create_connection(("127.0.0.1", FRONT), timeout=5)
    wire.sendall((UPGRADE if kind == "tunnel" else GET).format(kind).encode())
    if kind != "poll":
        wire.recv(4096)
    thread = threading.Thread(target=until_end, args=(wire, seen, f"client, {kind}"))
    thread.start()
    return thread


def measure(mode, number, folder):
    seen = {}
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", BACK))
    listener.listen(100)
    threading.Thread(target=serve, args=(listener, seen), daemon=True).start()
    process, _ = start(folder, mode)
    threads = [client(kind, seen) for kind in ("idle", "poll", "tunnel")]
    time.sleep(0.5)
    killed = time.monotonic()
    process.send_signal(number)
    process.wait()
    gone = (time.monotonic() - killed) * 1000
    try:
        socket.create_connection(("127.0.0.1", FRONT)).close()
        new = "accepted"
    except ConnectionRefusedError:
        new = "refused"
    again, took = start(folder, mode)
    for thread in threads:
        thread.join()
    time.sleep(0.2)
    again.kill()
    again.wait()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    ends = ", ".join(f"{name}: {how} after {(at - killed) * 1000:.1f} ms" for name, (how, at) in sorted(seen.items()))
    name = signal.Signals(number).name
    print(f"{mode} {name}: {ends}; process gone after {gone:.1f} ms, new connections {new}; listens {took:.0f} ms after its start", flush=True)


with tempfile.TemporaryDirectory() as scratch:
    for mode in ("http", "tcp"):
        for number in (signal.SIGKILL, signal.SIGTERM):
            for _ in range(2):
                measure(mode, number, scratch)
