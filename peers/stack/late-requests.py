#!/usr/bin/env python3
"""Measures what a real HAProxy and a real nginx do with a client that is late with its request.

    python3 peers/stack/late-requests.py

Each time-out alone is two seconds (of HAProxy the others are not set, but for `client`, of nginx a minute). The first request of a connection, and
one after another: with no byte of it sent, with half a head, with half a body. Debian: apt-get install haproxy nginx. Prints a line for each; nothing is judged.
"""

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import time

FRONT, BACK = 18720, 18721
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
PARTS = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHo",
    "half a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf",
}
HAPROXY = ["http-request", "http-keep-alive", "client"]
NGINX = ["client_header_timeout", "keepalive_timeout", "client_body_timeout"]


def serve():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", BACK))
    listener.listen(100)

    def answer(wire):
        with contextlib.suppress(ConnectionResetError):
            while b"\r\n\r\n" in wire.recv(4096):
                wire.sendall(OK)

    while True:
        wire, _ = listener.accept()
        threading.Thread(target=answer, args=(wire,), daemon=True).start()


def haproxy(folder, short):
    path = os.path.join(folder, "haproxy.cfg")
    lines = ["defaults", "  mode http", "  timeout connect 5s", "  timeout server 60s"]
    for name in HAPROXY:
        if name == "client" or short == name:
            lines.append(f"  timeout {name} {'2s' if short == name else '60s'}")
    lines += ["listen f", f"  bind 127.0.0.1:{FRONT}", f"  server s1 127.0.0.1:{BACK}"]
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    return subprocess.Popen(["haproxy", "-f", path], stderr=subprocess.DEVNULL)


def nginx(folder, short):
    path = os.path.join(folder, "nginx.conf")
    times = " ".join(f"{name} {'2s' if short == name else '60s'};" for name in NGINX)
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(path, "w", encoding="ascii") as file:
        file.write(
            f"daemon off; master_process off; pid {folder}/pid; error_log /dev/null; events {{}}\n"
            f"http {{ access_log off; {times} {temporary}\n"
            f"server {{ listen 127.0.0.1:{FRONT}; location / {{ proxy_pass http://127.0.0.1:{BACK}; }} }} }}\n"
        )
    return subprocess.Popen(["nginx", "-c", path, "-p", folder, "-e", "/dev/null"], stderr=subprocess.DEVNULL)


def late(part, earlier):
    wire = socket.create_connection(("127.0.0.1", FRONT), timeout=6)
    for _ in range(earlier):
        wire.sendall(WHOLE)
        wire.recv(4096)
    began = time.monotonic()
    wire.sendall(part)
    got = b""
    try:
        while data := wire.recv(4096):
            got += data
        end = "FIN"
    except ConnectionResetError:
        end = "RST"
    except TimeoutError:
        return "still open after 6 s"
    said = got.split(b"\r\n")[0].decode() or "nothing"
    return f"{said}, {end} after {time.monotonic() - began:.1f} s"


def measure(program, short, folder):
    process = program(folder, short)
    while True:
        try:
            socket.create_connection(("127.0.0.1", FRONT)).close()
            break
        except OSError:
            time.sleep(0.01)
    cases = [(name, earlier) for name in PARTS for earlier in (0, 1)]
    results = {}

    def one(name, earlier):
        results[name, earlier] = late(PARTS[name], earlier)

    threads = [threading.Thread(target=one, args=case) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, earlier in cases:
        which = "a later request" if earlier else "the first"
        print(f"{program.__name__} {short}: {which}, {name}: {results[name, earlier]}", flush=True)
    process.kill()
    process.wait()


threading.Thread(target=serve, daemon=True).start()
with tempfile.TemporaryDirectory() as scratch:
    for program, names in ((haproxy, HAPROXY), (nginx, NGINX)):
        for short in names:
            measure(program, short, scratch)
