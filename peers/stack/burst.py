#!/usr/bin/env python3
"""Measures how long genuine servers keep clients waiting that come at one moment, and how long one takes to start.

    peers/install && python3 peers/stack/burst.py [CLIENTS ...]

A genuine socket.io 0.8.7 on Node 0.8.28; each client does a handshake and opens a websocket, by connections of its own, all at once, and
waits for `1::`. The first burst meets a server that has just started. SOCKETIO08_PEERS_DIR says where peers/install put the
packages. Prints a line for each server; nothing is judged.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PACKAGES = os.path.abspath(os.environ.get("SOCKETIO08_PEERS_DIR", os.path.join(PEERS, "../target/peers")))
NODE = os.path.join(PACKAGES, "node-v0.8.28-linux-x64/bin/node")
FIRST_PORT, SERVERS, BURSTS = 18650, 4, 4
UPGRADE = (
    "GET /socket.io/1/websocket/{} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def client(port):
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /socket.io/1/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    body = (await reader.read()).split(b"\r\n\r\n", 1)[1]
    writer.close()
    session = next(part for part in body.split(b"\r\n") if b":" in part).split(b":")[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UPGRADE.format(session.decode()).encode())
    await reader.readuntil(b"1::")
    writer.close()
    return (time.monotonic() - began) * 1000


async def listening(port):
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            return writer.close()
        except OSError:
            await asyncio.sleep(0.002)


async def measure(port, clients):
    began = time.monotonic()
    environment = {**os.environ, "SOCKETIO08_PEERS_DIR": PACKAGES}
    command = [NODE, "server.js", "socket.io", str(port), "websocket,xhr-polling"]
    process = subprocess.Popen(command, cwd=PEERS, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        await listening(port)
        start = (time.monotonic() - began) * 1000
        await asyncio.sleep(0.5)
        bursts = []
        for _ in range(BURSTS):
            waits = await asyncio.gather(*(client(port) for _ in range(clients)))
            bursts.append(f"{statistics.median(waits):.0f}/{max(waits):.0f}")
            await asyncio.sleep(0.3)
        print(f"listens after {start:.0f} ms; {clients} at once, median/last ms: {' '.join(bursts)}", flush=True)
    finally:
        process.kill()
        process.wait()


async def main():
    for clients in [int(argument) for argument in sys.argv[1:]] or [20, 200]:
        for number in range(SERVERS):
            await measure(FIRST_PORT + number, clients)


asyncio.run(main())
