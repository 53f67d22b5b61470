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
            test, count, machines = [*line.split(), ".*"][:3]
            if re.fullmatch(machines, machine):
                cases[test] = int(count)
        elif line.startswith("\t"):
            kernels, machines, name = line.partition(":")[0].split(maxsplit=2)
            if re.fullmatch(f"({kernels}) ({machines})", f"{kernel} {machine}"):
                skips[test] += ("" if name == "*" else name,)
    return cases, skips


def tally(lines, kernel="", machine=""):
    """How many passed, failed and were skipped, by the KTAP of LINES.

    A test program counts as its cases if it has any; that not all which were
    announced have reported is a failure. With a kernel and a machine a skip
    that the file "plan" does not allow is one, too, and so are fewer cases than
    it says; stderr tells which, and what else failed and why.
    """
    cases, skips = read_plan(kernel, machine) if kernel else ({}, {})
    passed = skipped = announced = reported = reports = bad = 0
    test, note, failed = "", "", []
    for line in lines:
        line = line.rstrip("\n")
        if re.match("# # (?! *(RUN|Starting) )", line):
            # The first that a case notes is why it fails; the rest are details.
            note = note or line[4:]
        # Of a program of its own, or of those that kselftest runs.
        elif number := re.match(r"1\.\.([0-9]+)", line):
            announced += int(number[1])
        elif line.startswith("# selftests: "):
            test, reports, bad = (line.split() + [""] * 4)[3], 0, 0
        elif result := re.match("(# )?(not )?ok (?:[0-9]+ *)?(?:- )?", line):
            case, fails = result.groups()
            name, skips_it = line[result.end():], "# SKIP" in line
            reports += bool(case)
            bad += bool(case and fails)
            # One that fails for more than a failed case counts itself, too.
            counts = case or not reports or fails and not bad
            if counts and fails:
                why = f"{name}: {note}" if note else name
                failed.append(
                    f"{test}: {note if note.startswith(name) else why}")
            elif counts and skips_it:
                skipped += 1
                if kernel and not name.startswith(skips[test]):
                    failed.append(f"not as planned: {test}: skipped {name}")
            elif counts:
                passed += 1
            note = ""
            if not case:
                reported += 1
                if not skips_it and reports < cases.get(test, 0):
                    failed.append(f"not as planned: {test} has {reports} "
                                  f"cases, not {cases[test]}")
                reports = bad = 0
    if reported != announced or not passed + skipped + len(failed):
        failed.append(f"of {announced} announced {reported} reported")
        if not kernel:
            print(failed[-1], file=sys.stderr)
    for what in failed if kernel else ():
        print(f"failed on {kernel} {machine}: {what}", file=sys.stderr)
    return passed, len(failed), skipped


def conclude(passed, failed, skipped):
    """Prints the line that a run ends with; its exit status."""
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return int(failed > 0)
