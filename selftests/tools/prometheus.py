# SPDX-License-Identifier: GPL-2.0
"""Prometheus on loopback in a network of its own: ports are free, and nothing
is reached but what the test itself has started.

Who imports this, before anything else of the tests', starts anew in there.
"""

import atexit
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path


def have_programs():
    return all(map(shutil.which, (
        "prometheus", "promtool", "prometheus-node-exporter")))


if not os.environ.get("CRS_OWN_NETWORK"):
    # From in there nothing could be fetched.
    if not have_programs():
        fetch = subprocess.run([Path(__file__).with_name("fetch"), "programs"],
                               stdout=subprocess.PIPE, text=True)
        os.environ["PATH"] += f":{fetch.stdout.strip()}/usr/bin"
    network = ["unshare", "--net", "--map-root-user" if os.getuid() else "--"]
    if not subprocess.run([*network, "true"],
                          stderr=subprocess.DEVNULL).returncode:
        os.environ["CRS_OWN_NETWORK"] = "1"
        os.execvp(network[0], [*network, *sys.orig_argv])

from tap import note, result, run, scratch, skip_all  # noqa: E402

if not os.environ.get("CRS_OWN_NETWORK"):
    skip_all("no network of its own to be had")
if not shutil.which("ip"):
    skip_all("needs iproute2")
if not shutil.which("crstat"):
    skip_all("crstat is not in PATH")
run("ip", "link", "set", "lo", "up", check=True)


def background(log, *command):
    """COMMAND runs until the test ends."""
    with open(scratch / log, "w") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=output)
    atexit.register(process.wait)
    atexit.register(process.terminate)


def start(config):
    background("prometheus.log", "prometheus", f"--config.file={config}",
               f"--storage.tsdb.path={scratch}/tsdb",
               "--web.listen-address=127.0.0.1:9090", "--log.level=warn")


def ask(expression):
    """The value of each series, a line each, or why there is no answer."""
    answer = run("promtool", "query", "instant", "http://127.0.0.1:9090",
                 expression)
    return re.sub(r".* => | @\[.*", "", answer.stdout).strip()


def becomes(name, expression, value):
    """A case: within half a minute. Empty is no series at all."""
    for _ in range(100):
        got = ask(expression)
        if got == str(value):
            return result(True, name)
        time.sleep(0.3)
    log = (scratch / "prometheus.log").read_text().splitlines()
    note("\n".join([f"{expression} is {got or 'nothing'}, not {value}",
                    *log[-3:]]))
    return result(False, name)
