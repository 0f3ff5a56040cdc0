#!/usr/bin/env python3
"""Measures what a genuine server's processor spends on connections, sessions, and messages in and out.

    peers/install && python3 peers/stack/costs.py [REPETITIONS]

A genuine socket.io 0.8.7 on Node 0.8.28, a process for each row; the processor time is that of /proc/PID/stat (ticks of 10 ms) over some
thousand of each. Messages are sent at a steady rate, one write each, so that none wait together. SOCKETIO08_PEERS_DIR says
where peers/install put the packages. Prints a line for each row; nothing is judged.
"""

import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PACKAGES = os.path.abspath(os.environ.get("SOCKETIO08_PEERS_DIR", os.path.join(PEERS, "../target/peers")))
NODE = os.path.join(PACKAGES, "node-v0.8.28-linux-x64/bin/node")
PORT = 18660
TICKS = os.sysconf("SC_CLK_TCK")
SERVER = """
var io = require('%s/node_modules/socket.io').listen(%d, { 'log level': 0 });
io.sockets.on('connection', function (socket) {
  socket.on('echo', function (text, answer) { answer(text); });
  socket.on('take', function () {});
  socket.on('all', function (text) { io.sockets.emit('all', text); });
});
"""
UPGRADE = (
    "GET /socket.io/1/websocket/{} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
HANDSHAKE = "GET /socket.io/1/?t=1 HTTP/1.1\r\nHost: a\r\n\r\n"
POLL = "GET /socket.io/1/xhr-polling/{}?t=1 HTTP/1.1\r\nHost: a\r\n\r\n"
OPENS = {"websocket": UPGRADE, "xhr-polling": POLL}


class Server:
    def __enter__(self):
        with tempfile.NamedTemporaryFile("w", suffix=".js", delete=False) as script:
            script.write(SERVER % (PACKAGES, PORT))
        self.process = subprocess.Popen([NODE, script.name], stdout=subprocess.DEVNULL)
        while True:
            try:
                connect().close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        os.unlink(script.name)
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def spent(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def connect():
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def until(connection, end):
    heard = b""
    while end not in heard:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError(heard)
        heard += part
    return heard


def session_of(answer):
    return re.search(rb"(\d{8,}):\d*:\d*:", answer).group(1).decode()


def open_many(count, path):
    """So many connections side by side, as far as `path` goes: "", "handshake", "websocket" or "xhr-polling"."""
    connections = [connect() for _ in range(count)]
    if path:
        for connection in connections:
            connection.sendall(HANDSHAKE.encode())
        sessions = [session_of(until(connection, b"jsonp-polling")) for connection in connections]
    if path in OPENS:
        for connection, session in zip(connections, sessions):
            connection.sendall(OPENS[path].format(session).encode())
        for connection in connections:
            until(connection, b"1::")
    return connections


def frame(text):
    body = text.encode()
    return struct.pack("!BB", 0x81, 0x80 | len(body)) + bytes(4) + body


def messages(text, rounds=1500):
    """Processor time of a message of each of 50 websockets at once, the next when an echo that came after them is back."""
    with Server() as server:
        *connections, last = open_many(51, "websocket")
        payload, end = frame(text), frame('5:9+::{"name":"echo","args":["end"]}')
        answered = "+" in text
        for part in range(2):  # the first warms the compiler up
            before = server.spent()
            for _ in range(rounds):
                for connection in connections:
                    connection.sendall(payload)
                last.sendall(end)
                until(last, b"9+")
                for connection in connections if answered else []:
                    connection.recv(4096)
        return (server.spent() - before) * 1e6 / rounds / len(connections)


def broadcasts(clients, rounds):
    with Server() as server:
        connections = [client for _ in range(clients // 50) for client in open_many(50, "websocket")]
        before = server.spent()
        for _ in range(rounds):
            connections[0].sendall(frame('5:::{"name":"all","args":["x"]}'))
            for connection in connections:
                connection.recv(4096)
        return (server.spent() - before) * 1e6 / rounds / clients


def openings(path, count=20000, held=0, warm=5000):
    """Processor time of each of `count` openings, 50 side by side, while `held` polling sessions are there, abandoned."""
    with Server() as server:
        for way, many in ((path, warm), ("xhr-polling", held)):
            for _ in range(many // 50):
                for connection in open_many(50, way):
                    reset(connection)
        before = server.spent()
        for _ in range(count // 50):
            for connection in open_many(50, path):
                reset(connection)
        time.sleep(0.1)
        return (server.spent() - before) * 1e6 / count


def handshakes_kept(rounds=60):
    with Server() as server:
        connections = open_many(50, "handshake")
        before = server.spent()
        for _ in range(rounds):
            for connection in connections:
                connection.sendall(HANDSHAKE.encode())
            for connection in connections:
                until(connection, b"jsonp-polling")
        return (server.spent() - before) * 1e6 / rounds / len(connections)


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    rows = [
        ("message in, no answer", lambda: messages('5:::{"name":"take","args":["x"]}')),
        ("message in, answered (echo)", lambda: messages('5:1+::{"name":"echo","args":["x"]}')),
        ("broadcast to 200, each delivery", lambda: broadcasts(200, 300)),
        ("broadcast to 1000, each delivery", lambda: broadcasts(1000, 60)),
        ("connection", lambda: openings("")),
        ("connection and handshake", lambda: openings("handshake")),
        ("handshake, connection kept", handshakes_kept),
    ]
    for held in (0, 2000, 5000, 10000):
        for path in OPENS:
            row = f"connection, handshake, {path}, {held} others"
            rows.append((row, lambda path=path, held=held: openings(path, 500, held)))
    for name, measure in rows:
        print(f"{name}: {', '.join(f'{measure():.1f}' for _ in range(repetitions))} us", flush=True)


if __name__ == "__main__":
    main()
