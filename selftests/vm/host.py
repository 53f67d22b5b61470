# SPDX-License-Identifier: GPL-2.0
"""What the programs that run on the host share: paths, exit statuses, errors.

What runs on the host is Python, what runs in the VM is shell.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

# Exit statuses; README.md lists them. 1 and 2 are verdicts of a VM's run.
EX_FAILED, EX_VM, EX_USAGE, EX_BUILD, EX_PACKAGES, EX_FETCH = range(1, 7)

VM_DIR = Path(__file__).resolve().parent
TOP_DIR = VM_DIR.parents[1]
BUILD_DIR = TOP_DIR / "build"
CACHE_DIR = Path(
    os.environ.get("KVM_CRSTAT_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "kvm_crstat")

# On Debian a user's PATH lacks where depmod and modprobe are.
os.environ["PATH"] += ":/usr/sbin:/sbin"


def note(message):
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr, flush=True)


def die(status, message):
    note(message)
    sys.exit(status)


def start(main):
    """Ends the program as MAIN returns; what it has begun ends with it."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except subprocess.CalledProcessError as error:
        # It has said why.
        sys.exit(error.returncode if error.returncode > 0 else EX_FAILED)
    except OSError as error:
        die(EX_FAILED, error)


class Parser(argparse.ArgumentParser):
    """Of a program whose docstring is its help, as it stands."""

    def __init__(self, doc, **options):
        options.setdefault("usage", argparse.SUPPRESS)
        super().__init__(
            description=doc, allow_abbrev=False, **options,
            formatter_class=argparse.RawDescriptionHelpFormatter)

    def format_help(self):
        return f"{self.description.strip()}\n"

    def error(self, message):
        die(EX_USAGE, f"{message}, see --help")


@contextlib.contextmanager
def quietly(log, status, message):
    """Where commands are to print meanwhile, as keywords of subprocess.run().

    Where one fails, the end of LOG is shown, and the program ends with STATUS.
    """
    with open(log, "w") as output:
        try:
            yield {"stdin": subprocess.DEVNULL, "stdout": output,
                   "stderr": output}
        except subprocess.CalledProcessError:
            lines = Path(log).read_text(errors="replace").splitlines(True)
            sys.stderr.writelines(lines[-100:])
            die(status, message)


def output(*command, check=True, **options):
    """What COMMAND prints, without the last newline. Its errors are shown."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=check, **options).stdout.rstrip("\n")


@contextlib.contextmanager
def locked(path, wait=True):
    """Nobody else has PATH meanwhile; BlockingIOError where one is not to wait.

    No child inherits it but by pass_fds, of the file that is yielded.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield file


def words(variable, default=""):
    """Those of a variable of the environment."""
    return os.environ.get(variable, "").split() or default.split()


def need(package, *commands):
    """Fails where a Debian package lacks: COMMANDS are programs or paths."""
    for command in map(str, commands):
        if not os.path.exists(command) and not shutil.which(command):
            die(EX_PACKAGES,
                f"{command} not found: apt-get install {package}")


def fetch(*words):
    """What "fetch WORDS" prints: a path."""
    return Path(output(VM_DIR / "fetch", *words))


@contextlib.contextmanager
def vm(*arguments, **options):
    """The process "run ARGUMENTS", until its end; its stdout as text.

    The VM ends with who has begun it: killed, as subprocess.run() would do, it
    could not end its VM.
    """
    options = {"stdout": subprocess.PIPE, "text": True,
               "errors": "backslashreplace", **options}
    with subprocess.Popen([VM_DIR / "run", *arguments], **options) as process:
        try:
            if process.stdout:
                # A carriage return ends no line.
                process.stdout.reconfigure(newline="\n")
            yield process
            process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise


def kernels():
    """The table "kernels": by name its other columns."""
    lines = (VM_DIR / "kernels").read_text().splitlines()
    rows = [line.split() for line in lines if line and line[0] not in "# \t"]
    return {row[0]: row[1:] for row in rows}


class Machine:
    """What a file of the folder "machines" says, see README.md."""

    backend = cpu = emulator = clear = parameters = tests = ""
    default_cpus, slow = 2, 1

    def __init__(self, name):
        folder = VM_DIR / "machines"
        path = folder / name
        if "/" in name or not path.is_file():
            names = sorted(file.name for file in folder.iterdir())
            die(EX_USAGE, f"no machine {name}: {' '.join(names)}")
        for line in path.read_text().splitlines():
            if line and line[0] != "#":
                key, _, value = line.partition("=")
                setattr(self, key, value)
        self.name = name
        self.default_cpus = int(self.default_cpus)
        self.slow = int(self.slow)
        self.tests = self.tests.split()


def link(folder, files):
    """Links in FOLDER to FILES, where a kernel module of them is built."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        place = folder / file.name
        place.unlink(missing_ok=True)
        place.symlink_to(file)


def build_modules(kernel, kernel_dir, folder, *arguments, **options):
    """The kernel modules of FOLDER; CalledProcessError where it fails."""
    subprocess.run(
        [VM_DIR / "toolchain", kernel, "make", "-s", "-C", kernel_dir / "build",
         f"M={folder}", "CONFIG_DEBUG_INFO_BTF_MODULES=", *arguments,
         "modules"], check=True, **options)


def build_payload(kernel, kernel_dir, tests=True, **options):
    """What a VM takes along. CalledProcessError where it doesn't build.

    Who calls it has the lock of the folder "build".
    """
    make = ["make", "-s", "-C", TOP_DIR]
    subprocess.run([*make, "tools"], check=True, **options)
    subprocess.run([VM_DIR / "toolchain", kernel, *make, "modules",
                    f"KDIR={kernel_dir}/build"], check=True, **options)
    if not tests:
        return
    subprocess.run([*make, "selftests"], check=True, **options)
    release = (kernel_dir / "release").read_text().strip()
    exits = BUILD_DIR / "exits" / release
    link(exits, (TOP_DIR / "selftests/exits").iterdir())
    build_modules(kernel, kernel_dir, exits, **options)
