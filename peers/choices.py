"""Records which server a real balancer chooses for which request; what the recorders of the balancers share.

The file is `{NAME: VERSION, "cases": [..]}`. Each case is a backend of servers that answer with their number; requests are
made one after the other from the addresses named, each on a connection of its own. `balancer` is the same backend in the
words of a scenario file. A step is a request `[source, target, headers, server]`, where `server` is the recorded choice
counted from 0 (or the status, as a negative number, when no server answered), or a command `["set", server, state]`.
"""

import http.client
import http.server
import json
import os
import random
import socket
import subprocess
import tempfile
import time


def numbered(first_port):
    """The handler of servers that answer with their number."""

    class Numbered(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self):
            body = str(self.server.server_port - first_port).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Numbered


def wide(count):
    rng = random.Random(7)
    return [f"127.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}" for _ in range(count)]


def near(count):
    return [f"127.0.1.{host}" for host in range(1, count + 1)]


def sources(addresses):
    return [[address, "/app", {}] for address in addresses]


def same(count):
    return [["127.0.1.1", "/app", {}] for _ in range(count)]


def session_paths():
    rng = random.Random(8)
    found = [["127.0.1.1", "/socket.io/1/", {}], ["127.0.1.1", "/socket.io/1/?t=1322000000000", {}]]
    for _ in range(30):
        sid = rng.randrange(10**19, 10**20 - 1)
        found.append(["127.0.1.1", f"/socket.io/1/xhr-polling/{sid}?t={rng.randrange(10**12)}", {}])
        found.append(["127.0.1.1", f"/socket.io/1/websocket/{sid}", {}])
    return found


def ask(front_port, source, target, headers):
    connection = http.client.HTTPConnection("127.0.0.1", front_port, source_address=(source, 0))
    connection.putrequest("GET", target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return int(body) if response.status == 200 else -response.status


def record(case, command, front_port, configuration, set_state):
    """Starts `command` with its configuration as the last argument, and takes the steps of the case: those recorded.

    `configuration(case, folder)` is the text; `set_state(folder, server, state)` carries out a command.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "configuration")
        with open(path, "w", encoding="ascii") as file:
            file.write(configuration(case, folder))
        balancer = subprocess.Popen([*command, path], stderr=subprocess.PIPE)
        try:
            wait(balancer, front_port)
            steps = []
            for step in case["steps"]:
                if step[0] == "set":
                    set_state(folder, step[1], step[2])
                    steps.append(step)
                else:
                    steps.append([*step, ask(front_port, *step)])
            return {"name": case["name"], "servers": case["servers"], "balancer": case["balancer"],
                    "dead": case.get("dead", []), "steps": steps}
        finally:
            balancer.terminate()
            balancer.wait()


def wait(balancer, front_port):
    for _ in range(200):
        if balancer.poll() is not None:
            raise SystemExit(balancer.stderr.read().decode())
        try:
            socket.create_connection(("127.0.0.1", front_port)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("the balancer does not listen")


def write(name, version, cases, run):
    """Prints the file."""
    print(f'{{"{name}": ' + json.dumps(version) + ', "cases": [')
    for number, case in enumerate(cases):
        print(json.dumps(run(case)) + ("," if number + 1 < len(cases) else ""), flush=True)
    print("]}")
