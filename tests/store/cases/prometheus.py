# SPDX-License-Identifier: GPL-2.0-or-later
"""The metrics and the alert rules, as Debian's Prometheus takes them."""

import http.server
import json
import os
import re
import socket
import subprocess
import threading
import urllib.parse
import urllib.request

from harness import process
from harness.runner import case
from harness.world import equal

RULES = os.path.abspath("daemon/prometheus/mydevice.rules.yml")
TESTS = "tests/store/prometheus/alerts.yml"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def promtool(*arguments, **kwargs):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60,
                          check=False, **kwargs)
    return done.returncode, done.stdout + done.stderr


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@case(stores=("c",))
def prometheus_rules(host):
    status, said = promtool("check", "rules", RULES)
    equal(status, 0, f"promtool check rules: {said}")
    with open(RULES, encoding="ascii") as rules, open(TESTS, encoding="ascii") as tests:
        rules, tests = rules.read(), tests.read()
    alerts = re.findall(r"- alert: (\w+)", rules)
    equal(re.findall(r"- name: (\w+)", tests), alerts, "a test for each alert")
    equal(re.findall(r"- alertname: (\w+)\n.*\n\s+exp_alerts", tests), alerts, "that raises it")
    file = os.path.join(host.dir, "alerts.yml")
    with open(file, "w", encoding="ascii") as stream:
        stream.write(tests.replace("RULES", RULES))
    status, said = promtool("test", "rules", file)
    equal(status, 0, f"promtool test rules: {said}")


class Metrics(http.server.BaseHTTPRequestHandler):
    """On request."""
    attachd = None

    def do_GET(self):
        _, text, _ = self.attachd.ctl("metrics")
        self.send_response(200)
        self.send_header("Content-Type", OPENMETRICS)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def start_prometheus(host, targets):
    """Its HTTP API as a function."""
    port = free_port()
    conf = os.path.join(host.dir, "prometheus.yml")
    with open(conf, "w", encoding="ascii") as stream:
        json.dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                       "evaluation_interval": "1s"},
            "rule_files": [RULES],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [target]}]}
                               for job, target in targets.items()]}, stream)
    status, said = promtool("check", "config", conf)
    equal(status, 0, f"promtool check config: {said}")
    one = process.Process("prometheus", [
        "prometheus", f"--config.file={conf}", f"--storage.tsdb.path={host.dir}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
        host.machine.log("prometheus"), stdout=subprocess.PIPE)
    host.attachd.begun.append(one)

    def ask(path, **query):
        url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    return ask


@case(stores=("c",))
def prometheus_scrape(host):
    """By node_exporter's file, and on request."""
    host.attachd.start()
    one = host.guest(7, "web1")
    host.guest(8, 'a"b\\c').request(0, "../x")
    host.connected(one, 0)
    one.request(1, "log")
    host.expect(lambda: one.attached(1), "a device whose drivers do not come")
    directory = os.path.join(host.dir, "textfile")
    os.mkdir(directory)
    file = os.path.join(directory, "mydevice.prom")

    def write_file():
        equal(host.attachd.ctl("metrics", f"--output={file}")[0], 0, "into a file")

    write_file()
    with open(file, encoding="ascii") as stream:
        status, said = promtool("check", "metrics", stdin=stream)
    equal((status, said), (0, ""), "promtool check metrics")

    port = free_port()
    exporter = process.Process("exporter", [
        "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
        f"--collector.textfile.directory={directory}", f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn"], host.machine.log("exporter"), stdout=subprocess.PIPE)
    host.attachd.begun.append(exporter)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Handler", (Metrics,), {"attachd": host.attachd}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    targets = {"file": f"127.0.0.1:{port}", "request": f"127.0.0.1:{server.server_port}"}
    ask = start_prometheus(host, targets)

    def value(query):
        found = ask("query", query=query)
        return {entry["metric"].get("job"): float(entry["value"][1])
                for entry in (found or {"result": []})["result"]}

    def both(query, number):
        host.expect(lambda: value(query) == {"file": number, "request": number},
                    f"{query} is {number} in both", lambda: value(query), within=30)

    both("up", 1)
    both("mydevice_devices", 2)
    both("mydevice_devices_connected", 1)
    both("mydevice_attached_total", 2)
    both('mydevice_guest_refused_total{guest="a\\"b\\\\x5cc", domid="8"}', 1)
    both("count by (job) (mydevice_guest_requests_total)", 2)
    both("mydevice_attach_seconds_count", 2)
    both('mydevice_attach_seconds_bucket{le="+Inf"}', 2)
    both("mydevice_attachd_info", 1)
    equal(set(value("node_textfile_scrape_error").values()), {0.0}, "what node_exporter says")

    def alerts():
        groups = ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        bad = [rule["name"] for rule in rules if rule["health"] == "err"]
        equal(bad, [], "rules that cannot be evaluated")
        return {rule["name"]: rule["state"] for rule in rules if rule["state"] != "inactive"}

    # each has its time to last, so it is pending
    host.expect(lambda: alerts() == {"MydeviceNotConnected": "pending"}, "one driver is missing",
                alerts, within=20)
    host.attachd.set_policy("[Defaults]\nAllow=perhaps\n")
    host.attachd.reload()
    write_file()
    host.expect(lambda: alerts().get("MydevicePolicyBad") == "pending", "the policy is bad",
                alerts, within=20)
    server.shutdown()
    server.server_close()
