#!/usr/bin/env python3
"""Measures a small part of the real stack anew, and compares it with what `sio08` says of the same world.

    peers/install && cargo build -p socketio08-sim && python3 peers/stack/measure.py target/debug/sio08

Genuine socket.io 0.8.7 servers behind HAProxy (Debian: apt-get install haproxy), all on this machine; the requests of the clients
are made here, each client from an address of its own. Prints a table, and exits with 1 if a count differs. SOCKETIO08_PEERS_DIR
says where peers/install put the genuine packages.
"""

import base64
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PACKAGES = os.path.abspath(os.environ.get("SOCKETIO08_PEERS_DIR", os.path.join(PEERS, "../target/peers")))
NODE = os.path.join(PACKAGES, "node-v0.8.28-linux-x64/bin/node")
FRONT, FIRST = 18600, 18601
TRANSPORTS = "websocket,xhr-polling"
# Seconds without an answer after which a poll counts as held.
HELD = 1


def wait_for(port):
    for _ in range(500):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}")


def server(number):
    environment = {**os.environ, "SOCKETIO08_PEERS_DIR": PACKAGES}
    command = [NODE, "server.js", "socket.io", str(FIRST + number), TRANSPORTS]
    process = subprocess.Popen(command, cwd=PEERS, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_for(FIRST + number)
    return process


def haproxy(folder, balance, servers, check):
    path = os.path.join(folder, "haproxy.cfg")
    lines = [
        "global", "  maxconn 4000",
        "defaults", "  mode http", "  retries 3", "  timeout connect 5s", "  timeout client 120s", "  timeout server 120s",
        "frontend f", f"  bind 127.0.0.1:{FRONT}", "  default_backend b",
        "backend b", f"  balance {balance}", "  http-response set-header X-Server %s",
    ] + [f"  server s{number + 1} 127.0.0.1:{FIRST + number} {check}" for number in range(servers)]
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    process = subprocess.Popen(["haproxy", "-f", path], stderr=subprocess.DEVNULL)
    wait_for(FRONT)
    return process


class Stack:
    """So many genuine servers behind HAProxy."""

    def __init__(self, balance, servers, check=""):
        self.stack = contextlib.ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.servers = [server(number) for number in range(servers)]
        self.balancer = haproxy(folder, balance, servers, check)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in [*self.servers, self.balancer]:
            process.kill()
            process.wait()
        self.stack.close()


class Client:
    """One client with one connection at a time, as a browser makes them one after the other."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection("127.0.0.1", FRONT, source_address=(address, 0), timeout=HELD)
        self.address, self.session, self.server = address, None, None

    def handshake(self):
        self.connection.request("GET", "/socket.io/1/")
        response = self.connection.getresponse()
        self.server = response.headers["X-Server"]
        self.session = response.read().decode().split(":")[0]
        return self

    def poll(self):
        """What the poll is answered, and by which server; nothing if it is held, as one of a known session is."""
        self.connection.request("GET", f"/socket.io/1/xhr-polling/{self.session}")
        try:
            response = self.connection.getresponse()
        except TimeoutError:
            return ""
        self.server = response.headers["X-Server"]
        return response.read().decode()

    def polls_until_connected(self):
        count = 1
        while self.poll() != "1::":
            count += 1
        return count

    def websocket(self):
        """The first packet of a websocket of version 13, which the server sends unmasked and short."""
        with socket.create_connection(("127.0.0.1", FRONT), source_address=(self.address, 0), timeout=30) as wire:
            key = base64.b64encode(os.urandom(16)).decode()
            wire.sendall((
                f"GET /socket.io/1/websocket/{self.session} HTTP/1.1\r\nHost: localhost:{FRONT}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
            data = b""
            while b"\r\n\r\n" not in data or len(data.split(b"\r\n\r\n", 1)[1]) < 5:
                part = wire.recv(4096)
                if not part:
                    break
                data += part
            return data.split(b"\r\n\r\n", 1)[1][2:].decode()

    def close(self):
        self.connection.close()


def clients(count):
    return [Client(f"127.0.1.{host}") for host in range(1, count + 1)]


def simulated(scenario, *settings):
    command = [sys.argv[1], "run", scenario, "--json", "-"]
    for setting in settings:
        command += ["--set", setting]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(printed[printed.index("{"):])


def round_robin_of_one_poller(servers):
    with Stack("roundrobin", servers):
        client = Client("127.0.1.1").handshake()
        measured = client.polls_until_connected()
        client.close()
    world = simulated("round-robin", "clients.count=1", f"servers.count={servers}", "duration=400ms",
                      "clients.quiet_at_end=0s", "servers.broadcast_every=none")
    return (f"round robin, {servers} servers, one polling client: polls until connected", measured,
            round(world["polls_to_connect_mean"]))


def round_robin_of_websockets(servers):
    with Stack("roundrobin", servers):
        rejected = 0
        for client in clients(40):
            client.handshake()
            rejected += client.websocket().startswith("7:::1+0")
            client.close()
    world = simulated("round-robin", 'clients.transports=["websocket"]', f"servers.count={servers}")
    return (f"round robin, {servers} servers, 40 websockets one by one: rejected", rejected, world["opens"]["rejected"])


def source_shares():
    shares = {}
    with Stack("source", 4):
        for client in clients(40):
            client.handshake()
            assert client.poll() == "1::", "source stickiness"
            shares[client.server] = shares.get(client.server, 0) + 1
            client.close()
    world = simulated("sticky-source")
    return ("balance source, 4 servers, 40 clients: clients of s1 s2 s3 s4",
            [shares.get(f"s{number}", 0) for number in range(1, 5)], [one["clients"] for one in world["servers"]])


def death_of_one():
    """Who is rejected on the first poll after the balancer has noticed, of the clients of the other three."""
    with Stack("source", 4, "check inter 200ms fall 2 rise 2") as stack:
        everybody = [client.handshake() for client in clients(80)]
        assert all(client.poll() == "1::" for client in everybody), "source stickiness"
        others = [client for client in everybody if client.server != "s2"]
        for client in everybody:
            client.close()
        stack.servers[1].kill()
        time.sleep(2)
        # A closed connection is opened again by the next request.
        rejected = sum(client.poll() == "7:::1+0" for client in others)
    world = simulated("server-failure")
    return ("balance source map-based, one of 4 servers dies: other servers' polling clients rejected, of 60",
            rejected, world["impacts"][0]["others"]["rejected"])


def main():
    if len(sys.argv) != 2 or not os.path.exists(NODE):
        raise SystemExit(__doc__)
    print("figure: measured, simulated")
    differs = 0
    cells = [
        lambda: round_robin_of_one_poller(2), lambda: round_robin_of_one_poller(4),
        lambda: round_robin_of_websockets(2), lambda: round_robin_of_websockets(4), source_shares, death_of_one,
    ]
    for cell in cells:
        figure, measured, found = cell()
        differs += measured != found
        print(f"{figure}: {measured}, {found}" + ("" if measured == found else "   DIFFERENT"), flush=True)
    raise SystemExit(differs > 0)


main()
