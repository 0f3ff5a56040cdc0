#!/usr/bin/env python3
"""Records which server nginx chooses for which request.

    python3 peers/nginx/record.py > sim/tests/data/nginx/choices.json

Needs nginx 1.22 (Debian 12: apt-get install nginx-light). The form of the file is described in peers/choices.py; a command
`["set", server, "down"]` closes a server's port, so that connections are refused, and `"up"` opens it again. Every case
takes less than `fail_timeout`.
"""

import http.server
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from choices import near, numbered, record, same, session_paths, sources, wide, write

FIRST_PORT = 10401
FRONT_PORT = 18498


class Backend:
    def __init__(self, index):
        self.index = index
        self.server = None
        self.up()

    def up(self):
        if self.server is None:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", FIRST_PORT + self.index), numbered(FIRST_PORT))
            threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def down(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


def cases():
    hashes = [("ip_hash", "ip_hash", 'balance = "ip_hash"'),
              ("hash", "hash $remote_addr", 'balance = "hash"'),
              ("hash consistent", "hash $remote_addr consistent", 'balance = "hash"\nhash_type = "consistent"')]
    for name, words, ours in hashes:
        for servers in (3, 4, 5, 8):
            yield case(f"{name} {servers}", servers, words, ours, sources(wide(60) + near(20)))
        for weights in ([1, 2, 3, 4], [3, 1]):
            yield case(f"{name} {weights}", len(weights), words, ours, sources(wide(60)), weights)
        addresses = sources(wide(200))
        steps = addresses[:40] + [["set", 1, "down"]] + addresses[40:100] + [["set", 2, "down"]] + addresses[100:160]
        yield case(f"{name} dying", 4, words, ours, steps)
        yield case(f"{name} without failures", 4, words, ours, steps, options="max_fails=0", nginx="max_fails = 0")
        yield case(f"{name} next upstream off", 4, words, ours, steps, directive="proxy_next_upstream off;",
                   nginx="next_upstream = false")
    for name, words, ours in (("hash uri", "hash $uri", 'balance = "hash"'),
                              ("hash uri consistent", "hash $uri consistent",
                               'balance = "hash"\nhash_type = "consistent"')):
        yield case(name, 4, words, ours, session_paths(), nginx='key = "uri"')
    for name, words, ours in (("roundrobin", "", 'balance = "roundrobin"'),
                              ("leastconn", "least_conn", 'balance = "leastconn"')):
        for weights in (None, [1, 2, 3, 4], [5, 1, 1], [10, 1, 1, 3]):
            servers = len(weights) if weights else 4
            yield case(f"{name} {weights}", servers, words, ours, same(60), weights)
            steps = same(9) + [["set", 1, "down"]] + same(30) + [["set", 0, "down"]] + same(20)
            yield case(f"{name} {weights} dying", servers, words, ours, steps, weights)
            yield case(f"{name} {weights} three failures", servers, words, ours, steps, weights,
                       options="max_fails=3", nginx="max_fails = 3")
        yield case(f"{name} backup", 4, words, ours,
                   same(6) + [["set", 0, "down"]] + same(6) + [["set", 1, "down"]] + same(6), backup=[2, 3])


def case(name, servers, words, balancer, steps, weights=None, backup=(), options="", directive="", nginx=""):
    balancer = f'kind = "nginx"\n{balancer}'
    if weights:
        balancer += f"\nweights = {weights}"
    if backup:
        balancer += "\nbackup = [" + ", ".join(f'"s{index + 1}"' for index in backup) + "]"
    inside = f"first_port = {FIRST_PORT}" + (f", {nginx}" if nginx else "")
    balancer += f"\nnginx = {{ {inside} }}"
    return {"name": name, "servers": servers, "words": words, "balancer": balancer, "weights": weights,
            "backup": list(backup), "options": options, "directive": directive, "steps": steps}


def configuration(case, folder):
    lines = [f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;",
             "events { worker_connections 4000; }", "http { access_log off;"]
    for word in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        lines.append(f"{word}_temp_path {folder}/{word};")
    lines.append("upstream b { " + (case["words"] + ";" if case["words"] else ""))
    for index in range(case["servers"]):
        weight = f" weight={case['weights'][index]}" if case["weights"] else ""
        backup = " backup" if index in case["backup"] else ""
        lines.append(f"server 127.0.0.1:{FIRST_PORT + index}{weight}{backup} {case['options']};")
    lines.append(f"}} server {{ listen 127.0.0.1:{FRONT_PORT}; keepalive_timeout 0; location / {{ proxy_pass http://b;"
                 f" proxy_http_version 1.1; {case['directive']} }} }} }}")
    return "\n".join(lines) + "\n"


def run(case, backends):
    for backend in backends:
        backend.up()
    return record(case, ["nginx", "-c"], FRONT_PORT, configuration,
                  lambda _, server, state: getattr(backends[server], state)())


def main():
    backends = [Backend(index) for index in range(8)]
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr.strip().split("/")[-1]
    write("nginx", version, list(cases()), lambda case: run(case, backends))


main()
