#!/usr/bin/env python3
"""Records which server HAProxy chooses for which request.

    python3 peers/haproxy/record.py > sim/tests/data/haproxy/choices.json

Needs HAProxy 2.6 (Debian 12: apt-get install haproxy). Each case is a backend of servers that answer with their number;
requests are made one after the other from the addresses named, each on a connection of its own. `balancer` is the same
backend in the words of a scenario file. A step is a request `[source, target, headers, server]`, where `server` is the
recorded choice counted from 0 (or the status, as a negative number, when no server answered), or a command
`["set", server, state]` to the stats socket.
"""

import http.client
import http.server
import json
import os
import random
import socket
import subprocess
import tempfile
import threading
import time

FIRST_PORT = 18500
FRONT_PORT = 18499


class Named(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        body = str(self.server.server_port - FIRST_PORT).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def wide(count):
    rng = random.Random(7)
    return [f"127.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}" for _ in range(count)]


def near(count):
    return [f"127.0.1.{host}" for host in range(1, count + 1)]


def sources(addresses):
    return [[address, "/app", {}] for address in addresses]


def same(count):
    return [["127.0.1.1", "/app", {}] for _ in range(count)]


def sid(rng):
    return str(rng.randrange(10**19, 10**20 - 1))


def paths():
    rng = random.Random(8)
    found = [["127.0.1.1", "/socket.io/1/", {}], ["127.0.1.1", "/socket.io/1/?t=1322000000000", {}]]
    for _ in range(30):
        one = sid(rng)
        found.append(["127.0.1.1", f"/socket.io/1/xhr-polling/{one}?t={rng.randrange(10**12)}", {}])
        found.append(["127.0.1.1", f"/socket.io/1/websocket/{one}", {}])
    return found + [["127.0.1.1", target, {}] for target in ("/", "/a", "/a/b/c/d/e/f", "/a?b=/c/d", "/%7Ea")]


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


def ask(source, target, headers):
    connection = http.client.HTTPConnection("127.0.0.1", FRONT_PORT, source_address=(source, 0))
    connection.putrequest("GET", target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return int(body) if response.status == 200 else -response.status


def run(case):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(configuration(case, folder))
        haproxy = subprocess.Popen(["haproxy", "-f", path], stderr=subprocess.PIPE)
        try:
            wait(haproxy)
            steps = []
            for step in case["steps"]:
                if step[0] == "set":
                    command(folder, f"set server b/s{step[1] + 1} state {step[2]}")
                    time.sleep(0.02)
                    steps.append(step)
                else:
                    steps.append([*step, ask(*step)])
            return {key: case[key] for key in ("name", "servers", "balancer", "dead")} | {"steps": steps}
        finally:
            haproxy.terminate()
            haproxy.wait()


def wait(haproxy):
    for _ in range(200):
        if haproxy.poll() is not None:
            raise SystemExit(haproxy.stderr.read().decode())
        try:
            socket.create_connection(("127.0.0.1", FRONT_PORT)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("HAProxy does not listen")


def main():
    for index in range(8):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", FIRST_PORT + index), Named)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    cases = [*hashes(), *weighted(), *changing(), *backups(), *redispatched()]
    version = subprocess.run(["haproxy", "-v"], capture_output=True, text=True, check=True).stdout.split()[2]
    print('{"haproxy": ' + json.dumps(version) + ', "cases": [')
    for number, one in enumerate(cases):
        print(json.dumps(run(one)) + ("," if number + 1 < len(cases) else ""), flush=True)
    print("]}")


main()
