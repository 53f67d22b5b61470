# SPDX-License-Identifier: GPL-2.0
"""The one place that counts what tests have printed."""

import collections
import re
import sys
from pathlib import Path

PLAN = Path(__file__).resolve().parents[1] / "plan"


def read_plan(kernel, machine):
    """By test how many cases it has, and how those begin that it may skip."""
    cases, skips = {}, collections.defaultdict(tuple)
    for line in PLAN.read_text().splitlines():
        if re.match("[a-z]", line):
            test, count, *machines = line.split()
            if not machines or re.fullmatch(machines[0], machine):
                cases[test] = int(count)
        elif line.startswith("\t"):
            kernels, machines, case = line.split(maxsplit=2)
            if re.fullmatch(kernels, kernel) and \
                    re.fullmatch(machines, machine):
                case = case.partition(":")[0].rstrip()
                skips[test] += ("" if case == "*" else case,)
    return cases, skips


def tally(lines, kernel="", machine=""):
    """How many passed, failed and were skipped, by the KTAP of LINES.

    A test program counts as its cases if it has any; that not all which were
    announced have reported is a failure. With a kernel and a machine a skip
    that the file "plan" does not allow is one, too, and so are fewer cases than
    it says; stderr tells which, and what else failed and why.
    """
    cases, skips = read_plan(kernel, machine)
    count = collections.Counter()
    test = note = ""
    announced = reported = reports = bad = 0

    def fail(what):
        count["failed"] += 1
        if kernel:
            print(f"failed on {kernel} {machine}: {what}", file=sys.stderr)

    def report(line):
        name = re.sub("^(not )?ok [0-9]+ *(- )?", "", line)
        if line.startswith("not "):
            why = f"{name}: {note}" if note else name
            fail(f"{test}: {note if note.startswith(name) else why}")
        elif "# SKIP" in line:
            count["skipped"] += 1
            if kernel and not name.startswith(skips[test]):
                fail(f"not as planned: {test}: skipped {name}")
        else:
            count["passed"] += 1

    for line in lines:
        line = line.rstrip("\n")
        if re.match("# # (?! *(RUN|Starting) )", line):
            # The first that a case notes is why it fails; the rest are details.
            note = note or line[4:]
        elif number := re.match(r"1\.\.([0-9]+)", line):
            # Of a program of its own, or of those that kselftest runs.
            announced += int(number[1])
        elif line.startswith("# selftests: "):
            test = (line.split() + ["", ""])[3]
            reports = bad = 0
        elif re.match("# (not )?ok ", line):
            reports += 1
            bad += line.startswith("# not ")
            report(line[2:])
            note = ""
        elif re.match("(not )?ok ", line):
            reported += 1
            # One that fails for more than a failed case counts itself, too.
            if not reports or line.startswith("not ") and not bad:
                report(line)
            planned = cases.get(test, 0)
            if kernel and "# SKIP" not in line and reports < planned:
                fail(f"not as planned: {test} has {reports} cases, "
                     f"not {planned}")
            reports = bad = 0
            note = ""
    if reported != announced or not count:
        what = f"of {announced} announced {reported} reported"
        if not kernel:
            print(what, file=sys.stderr)
        fail(what)
    return count["passed"], count["failed"], count["skipped"]
