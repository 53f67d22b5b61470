# SPDX-License-Identifier: GPL-2.0
"""What the tests of the tools share: TAP, files of their own, tables.

A test is a program: it imports this, reports its cases and calls finish().
"""

import atexit
import difflib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
READER = TOP / "selftests/reader"  # captured files
KSFT_SKIP = 4

os.environ["PATH"] += f":{TOP}/build/tools:{TOP}/tools/fleet"

# The test's own files.
scratch = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
for number in signal.SIGINT, signal.SIGTERM:
    signal.signal(number, lambda *_: sys.exit(1))

tests = failures = 0
print("TAP version 13", flush=True)


def result(passed, name):
    global tests, failures

    tests += 1
    failures += not passed
    print("ok" if passed else "not ok", tests, name, flush=True)


def skip(name, reason):
    result(True, f"{name} # SKIP {reason}")


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(KSFT_SKIP)


def note(text):
    """Details, a comment line for each of TEXT's."""
    for line in str(text).splitlines():
        print("#", line, flush=True)


def run(*command, **options):
    """The ended COMMAND, its output as text, errors too unless told."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.STDOUT)
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                          text=True, errors="replace", **options)


def passes(name, *command, **options):
    """A case: COMMAND succeeds. What it prints is shown where it doesn't."""
    done = run(*command, **options)
    if done.returncode:
        note("\n".join(done.stdout.splitlines()[-40:]))
    result(not done.returncode, name)


def same(name, expected, actual):
    """A case: two texts are the same. Where they differ, that is shown."""
    note("\n".join(difflib.unified_diff(
        expected.splitlines(), actual.splitlines(), "expected", "actual",
        lineterm="")))
    result(expected == actual, name)


def finish():
    print(f"1..{tests}")
    sys.exit(failures > 0)


def rows(path, table=None):
    """The rows of a file of the module's, or of the tables of that name in a
    recording, by the names of their columns."""
    table = table or Path(path).name
    columns, wanted = None, False
    for line in Path(path).read_text().splitlines():
        if line.startswith("# "):
            columns, wanted = None, line.split()[-1] == table
        elif wanted and columns is None:
            columns = line.split()
        elif wanted:
            yield dict(zip(columns, line.split()))


def total(column, path, table=None):
    """The sum of a column; "-" is none, and so is one that isn't there."""
    return sum(int(row[column]) for row in rows(path, table)
               if row.get(column, "-") != "-")
