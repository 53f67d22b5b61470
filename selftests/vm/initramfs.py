# SPDX-License-Identifier: GPL-2.0
"""Packs the VM's initramfs."""

import lzma
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import host

# Kernel modules in the VM; their dependencies come along.
MODULES = (
    "kvm-amd", "kvm-intel",  # what is watched; nothing loads them but tests
    "virtio_pci",  # the bus of 9p
    "9pnet_virtio", "9p", "overlay",  # --share: the machine's root as the VM's
)
# Programs that busybox lacks, or has without what kselftest's runner uses.
PROGRAMS = (
    "bash", "trace-cmd",
    "timeout",  # the runner needs --foreground
    "setpriv", "script",  # of the tests of crgen
)


def install(source, target, mode=0o755):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def is_program(path):
    return path.is_file() and os.access(path, os.X_OK)


def add_modules(root, kernel_dir, release):
    folder = root / "lib/modules" / release
    (folder / "kernel").mkdir(parents=True)
    for module in MODULES:
        # A kernel built for the tests alone lacks what --share needs.
        shown = subprocess.run(
            ["modprobe", "-d", kernel_dir, "-S", release, "-i", "-q",
             "--show-depends", module], stdout=subprocess.PIPE, text=True,
            check=module.startswith("kvm")).stdout
        for path in map(Path, re.findall(r"^insmod (\S+)", shown, re.M)):
            # Plain files: not every modprobe inflates modules.
            plain, data = path.name.removesuffix(".xz"), path.read_bytes()
            if not plain.endswith(".ko"):
                host.die(host.EX_BUILD, f"{path}: unknown compression")
            (folder / "kernel" / plain).write_bytes(
                data if plain == path.name else lzma.decompress(data))
    for own in (host.BUILD_DIR / "modules" / release).glob("kvm_crstat.ko"):
        install(own, folder / "extra" / own.name, 0o644)
    for file in (kernel_dir / "modules").glob("modules.[bo]*"):
        install(file, folder / file.name, 0o644)
    # Modules left out are in modules.order and modules.builtin nevertheless.
    subprocess.run(["depmod", "-b", root, release], check=True,
                   stderr=subprocess.DEVNULL)


def add_programs(root, files):
    install(shutil.which("busybox"), root / "bin/busybox")
    # The demo needs none of them here; a test says what it misses.
    for path in filter(None, map(shutil.which, PROGRAMS)):
        # kselftest's runner looks in /usr/bin alone.
        install(path, root / "usr/bin" / Path(path).name)
    (root / "bin/bash").symlink_to("../usr/bin/bash")
    for file in files:
        install(file, root / "opt/kvm_crstat/bin" / file.name)
    tests = host.BUILD_DIR / "kselftest"
    if tests.exists():
        shutil.copytree(tests, root / "opt/kvm_crstat/selftests", symlinks=True)
        (root / "opt/kvm_crstat/bin/run-tests").symlink_to(
            "../selftests/run-tests")
    # A shared library or loader keeps its path, or the loader won't find it.
    listing = subprocess.run(["ldd", *filter(is_program, root.rglob("*"))],
                             stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.DEVNULL).stdout
    for path in re.findall(r"^[^/\n]*\s(/\S+) \(", listing, re.M):
        install(path, root / path[1:], os.stat(path).st_mode)


def pack(kernel_dir, command, added, output):
    """With a command of the shell, and files for the programs' folder.

    KERNEL_DIR is what fetch printed. Of the project it takes what is built.
    """
    host.need("busybox-static", "busybox")
    host.need("cpio", "cpio")
    host.need("kmod", "modprobe", "depmod")
    release = (kernel_dir / "release").read_text().strip()
    guest = [host.VM_DIR / name
             for name in ("demo-guest", "guest.sh", "three-levels")]
    tools = filter(is_program, (host.BUILD_DIR / "tools").glob("*"))
    exits = (host.BUILD_DIR / "exits" / release).glob("*.ko")
    # What full-screen programs know of terminals: the first is Debian 12's.
    terminfo = ["/lib/terminfo", "/usr/share/terminfo"]
    terminfo = next(filter(os.path.isdir, terminfo))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        # It becomes the VM's /, where tests run as other users too.
        root.chmod(0o755)
        for name in "sbin dev proc sys run tmp root etc newroot".split():
            (root / name).mkdir()
        install(host.VM_DIR / "init", root / "init")
        shutil.copytree(terminfo, f"{root}{terminfo}", symlinks=True)
        add_modules(root, kernel_dir, release)
        add_programs(root, [*guest, *tools, *exits, *added])
        (root / "opt/kvm_crstat/command").write_bytes(os.fsencode(command))
        names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
        with open(output, "wb") as file:
            subprocess.run(
                ["cpio", "--quiet", "--null", "-o", "-H", "newc", "-R", "0:0"],
                cwd=root, input=os.fsencode("\0".join([".", *names])),
                stdout=file, check=True)
