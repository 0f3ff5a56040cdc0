#!/usr/bin/env python3
"""Records which server HAProxy chooses for which request.

    python3 peers/haproxy/record.py > sim/tests/data/haproxy/choices.json

Needs HAProxy 2.6 (Debian 12: apt-get install haproxy). The form of the file is described in peers/choices.py; a command
`["set", server, state]` goes to the stats socket.
"""

import http.server
import os
import random
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from choices import near, numbered, record, same, session_paths, sources, wide, write

FIRST_PORT = 18500
FRONT_PORT = 18499


def paths():
    return session_paths() + [
        ["127.0.1.1", target, {}] for target in ("/", "/a", "/a/b/c/d/e/f", "/a?b=/c/d", "/%7Ea")]


def parameters():
    rng = random.Random(9)
    found = []
    for number in range(40):
        found.append(["127.0.1.1", f"/socket.io/1/?t={rng.randrange(10**12)}&cid=c{number}", {}])
    return found + [["127.0.1.1", target, {}] for target in (
        "/?cid=", "/?cid", "/?xcid=1", "/?a=1&cid=c1&cid=c2", "/none", "/none", "/none", "/none", "/?CID=c1",
        "/?cid=c1?x", "/none", "/none")]


def headers():
    found = [["127.0.1.1", "/", {"X-User": f"user {number}"}] for number in range(40)]
    return found + [["127.0.1.1", "/", h] for h in (
        {}, {}, {}, {"X-User": ""}, {"X-User": "a, b"}, {"X-User": "a"}, {"X-User": " a "}, {}, {})]


def hashes():
    """Every way from a hash to a server, for every kind of key."""
    kinds = [
        ("source", "balance source", 'balance = "source"', sources(wide(60) + near(40))),
        ("uri", "balance uri", 'balance = "uri"', paths()),
        ("uri_depth2", "balance uri depth 2", 'balance = "uri"\nuri_depth = 2', paths()),
        ("uri_depth4", "balance uri depth 4", 'balance = "uri"\nuri_depth = 4', paths()),
        ("uri_depth5", "balance uri depth 5", 'balance = "uri"\nuri_depth = 5', paths()),
        ("uri_whole", "balance uri whole", 'balance = "uri"\nuri_whole = true', paths()),
        ("url_param", "balance url_param cid", 'balance = "url_param"\nparam = "cid"', parameters()),
        ("hdr", "balance hdr(X-User)", 'balance = "hdr"\nheader = "X-User"', headers()),
    ]
    types = [
        ("map-based", "map-based", ""),
        ("map-based avalanche", "map-based-avalanche", ""),
        ("consistent", "consistent", ""),
        ("consistent sdbm", "consistent-plain", ""),
    ]
    functions = [("map-based", "map-based"), ("consistent", "consistent")]
    for name, balance, ours, steps in kinds:
        for hash_type, word, _ in types:
            yield case(f"{name} {word}", 4, [balance, f"hash-type {with_function(hash_type)}"],
                       f'{ours}\nhash_type = "{word}"', steps)
    for function in ("djb2", "wt6", "crc32"):
        for hash_type, word in functions:
            avalanche = " avalanche" if word == "consistent" else ""
            yield case(f"uri {word} {function}", 5, ["balance uri", f"hash-type {hash_type} {function}{avalanche}"],
                       f'balance = "uri"\nhash_type = "{word}"\nhash_function = "{function}"', paths())


def with_function(hash_type):
    return "map-based sdbm avalanche" if hash_type == "map-based avalanche" else hash_type


def weighted():
    for weights in ([1, 2, 3, 4], [2, 4, 6, 8], [3, 1], [0, 1, 2], [10, 1, 1]):
        toml = f"weights = {weights}"
        n = len(weights)
        for hash_type in ("map-based", "consistent"):
            yield case(f"source {hash_type} {weights}", n, ["balance source", f"hash-type {hash_type}"],
                       f'balance = "source"\nhash_type = "{hash_type}"\n{toml}', sources(wide(60)), weights)
        for balance in ("roundrobin", "static-rr", "leastconn"):
            yield case(f"{balance} {weights}", n, [f"balance {balance}"], f'balance = "{balance}"\n{toml}', same(60),
                       weights)


def changing():
    """Servers that are taken out and put back, and drained."""
    steps = (same(6) + [["set", 1, "maint"]] + same(8) + [["set", 1, "ready"]] + same(12)
             + [["set", 0, "drain"]] + same(7) + [["set", 0, "ready"], ["set", 2, "maint"], ["set", 3, "maint"]]
             + same(9) + [["set", 2, "ready"], ["set", 3, "ready"]] + same(12))
    by_source = []
    for index, step in enumerate(steps):
        by_source.append(step if step[0] == "set" else [wide(99)[index], "/app", {}])
    for weights in ([1, 1, 1, 1], [1, 2, 3, 4], [5, 1, 1, 3]):
        for balance in ("roundrobin", "static-rr", "leastconn"):
            yield case(f"{balance} {weights} changing", 4, [f"balance {balance}"],
                       f'balance = "{balance}"\nweights = {weights}', steps, weights)
        for hash_type in ("map-based", "consistent"):
            yield case(f"source {hash_type} {weights} changing", 4, ["balance source", f"hash-type {hash_type}"],
                       f'balance = "source"\nhash_type = "{hash_type}"\nweights = {weights}', by_source, weights)
            yield case(f"url_param {hash_type} {weights} absent", 4,
                       ["balance url_param cid", f"hash-type {hash_type}"],
                       f'balance = "url_param"\nparam = "cid"\nhash_type = "{hash_type}"\nweights = {weights}', steps,
                       weights)


def backups():
    steps = same(4) + [["set", 0, "maint"]] + same(4) + [["set", 1, "maint"]] + same(4) + [["set", 2, "maint"]]
    steps += same(3) + [["set", 3, "maint"]] + same(1) + [["set", 0, "ready"]] + same(3)
    for balance in ("roundrobin", "leastconn", "static-rr", "source"):
        yield case(f"{balance} backup", 4, [f"balance {balance}"],
                   f'balance = "{balance}"\nbackup = ["s3", "s4"]', steps, backup=[2, 3])


def redispatched():
    """A server that refuses, and is not marked down: each request that meets it is tried elsewhere at once."""
    for balance in ("roundrobin", "static-rr", "leastconn", "source", "uri"):
        for hash_type in ("map-based", "consistent"):
            if hash_type == "consistent" and balance not in ("source", "uri"):
                continue
            steps = same(20) if balance not in ("source", "uri") else sources(near(24))
            if balance == "uri":
                steps = paths()[:24]
            yield case(f"{balance} {hash_type} redispatch 1", 4,
                       [f"balance {balance}", f"hash-type {hash_type}", "option redispatch 1", "retries 3"],
                       f'balance = "{balance}"\nhash_type = "{hash_type}"\nredispatch = 1\nretries = 3', steps, dead=[1])


def case(name, servers, backend, balancer, steps, weights=None, backup=(), dead=()):
    return {"name": name, "servers": servers, "backend": backend, "balancer": balancer, "weights": weights,
            "backup": list(backup), "dead": list(dead), "steps": steps}


def configuration(case, folder):
    lines = ["global", "    nbthread 1", f"    stats socket {folder}/socket level admin", "defaults", "    mode http",
             "    timeout connect 5s", "    timeout client 120s", "    timeout server 120s",
             "    option http-server-close", "frontend f", f"    bind 127.0.0.1:{FRONT_PORT}",
             "    option httpclose", "    default_backend b", "backend b"]
    lines += [f"    {line}" for line in case["backend"]]
    for index in range(case["servers"]):
        port = FIRST_PORT + index if index not in case["dead"] else 1
        weight = f" weight {case['weights'][index]}" if case["weights"] else ""
        backup = " backup" if index in case["backup"] else ""
        lines.append(f"    server s{index + 1} 127.0.0.1:{port}{weight}{backup}")
    return "\n".join(lines) + "\n"


def command(folder, text):
    with socket.socket(socket.AF_UNIX) as stats:
        stats.connect(f"{folder}/socket")
        stats.sendall(text.encode() + b"\n")
        answer = stats.recv(4096)
        assert not answer.strip(), answer


def set_state(folder, server, state):
    command(folder, f"set server b/s{server + 1} state {state}")
    time.sleep(0.02)


def run(case):
    return record(case, ["haproxy", "-f"], FRONT_PORT, configuration, set_state)


def main():
    for index in range(8):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", FIRST_PORT + index), numbered(FIRST_PORT))
        threading.Thread(target=server.serve_forever, daemon=True).start()
    cases = [*hashes(), *weighted(), *changing(), *backups(), *redispatched()]
    version = subprocess.run(["haproxy", "-v"], capture_output=True, text=True, check=True).stdout.split()[2]
    write("haproxy", version, cases, run)


main()
