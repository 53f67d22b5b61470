# SPDX-License-Identifier: GPL-2.0
"""A function for each back end, of the name that the machine's file has.

Of what "run" knows of a VM it makes the command that boots it, and what else
subprocess takes for that. The first serial port goes to the file vm.console,
the second to vm.channel, and the process lives as long as the VM.
"""

import gzip
import os
import re
import shutil
import subprocess

import host

# The model EPYC has features that QEMU's emulation leaves out; that's known.
HARMLESS = "TCG doesn't support requested feature"


def qemu(vm):
    """Software emulation: an AMD machine with SVM and nested paging."""
    host.need("qemu-system-x86", "qemu-system-x86_64")
    program, data, options = "qemu-system-x86_64", [], {}
    # Of 10.0, Debian 13's, a read of CR4 exits where one of CR0 would, and as
    # such. Debian 12's 7.2 is right.
    if re.search(r"version (9|[1-9]\d)\.", host.output(program, "--version")):
        program = host.fetch("program", "qemu-system-x86", program)
        # With what was unpacked around it.
        usr = program.parent / "usr"
        data = ["-L", usr / "share/qemu", "-L", usr / "share/seabios"]
        modules = str(usr / "lib/x86_64-linux-gnu/qemu")
        options["env"] = {**os.environ, "QEMU_MODULE_DIR": modules}
    clear = vm.machine.clear and f" clearcpuid={vm.machine.clear}"
    command = [
        program, *data, "-cpu", vm.machine.cpu, "-smp", str(vm.cpus),
        # With a thread for each CPU guests die now and then: one for all.
        "-accel", "tcg,thread=single", "-m", str(vm.memory),
        "-kernel", vm.linux, "-initrd", vm.initrd,
        "-append", vm.parameters + clear, "-display", "none",
        "-monitor", "none", "-nodefaults", "-no-user-config", "-no-reboot",
        "-serial", f"file:{vm.console}", "-serial", f"file:{vm.channel}"]
    if vm.icount:
        # An instruction is a nanosecond, so that costs repeat exactly.
        command += ["-icount", "shift=0,sleep=off"]
    if vm.share:
        command += ["-virtfs", f"local,path={vm.share},mount_tag=share,"
                    "security_model=none,readonly=on,multidevs=remap"]
    return command, options


def bochs(vm):
    """Its CPU models have Intel's VMX or AMD's SVM."""
    bios = "/usr/share/bochs/BIOS-bochs-latest"
    vga_bios = "/usr/share/vgabios/vgabios.bin"
    for package, file in (
            ("grub-common", "grub-mkrescue"), ("xorriso", "xorriso"),
            ("mtools", "mformat"), ("bochsbios", bios), ("vgabios", vga_bios),
            ("grub-pc-bin", "/usr/lib/grub/i386-pc")):
        host.need(package, file)
    if vm.share or vm.icount:
        host.die(host.EX_USAGE, "Bochs has neither --share nor --icount")
    program = host.fetch("emulator", vm.machine.emulator)
    # It keeps locks and, where it fails, files in the current folder.
    work = vm.out / "bochs"
    shutil.rmtree(work, ignore_errors=True)
    # It boots no kernel by itself, but a CD.
    boot = work / "iso/boot"
    (boot / "grub").mkdir(parents=True)
    shutil.copy(vm.linux, boot)
    (boot / "initrd").write_bytes(gzip.compress(vm.initrd.read_bytes(), 1))
    # Its CPUID leaves 1 and 4 disagree on siblings where HT (bit 28) is set, of
    # which 6.12 warns. A restart after a panic would run the tests again: a
    # triple fault, which is set to end the emulator, is none.
    clear = "clearcpuid=28" + (vm.machine.clear and f",{vm.machine.clear}")
    (boot / "grub/grub.cfg").write_text(f"""\
set timeout=0
menuentry Linux {{
    linux /boot/vmlinuz {vm.parameters} {clear} reboot=triple
    initrd /boot/initrd
}}
""")
    with host.quietly(work / "grub.log", host.EX_BUILD,
                      "grub-mkrescue failed") as log:
        subprocess.run(["grub-mkrescue", "-o", work / "cd.iso", work / "iso"],
                       check=True, **log)
    shutil.rmtree(work / "iso")
    # KVM reads MSRs that Bochs doesn't know. ips is how many instructions make
    # a second of the VM, which goes by more slowly. Each CPU has its turn after
    # at most 16 instructions, the default of "quantum".
    (work / "bochsrc.txt").write_text(f"""\
cpu: model={vm.machine.cpu}, count={vm.cpus}, ips=100000000, \
ignore_bad_msrs=1, reset_on_triple_fault=0
memory: guest={vm.memory}, host={vm.memory}
romimage: file={bios}
vgaromimage: file={vga_bios}
ata0-master: type=cdrom, path={work}/cd.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={vm.console}
com2: enabled=1, mode=file, dev={vm.channel}
display_library: nogui
log: bochs.log
panic: action=fatal
error: action=report
info: action=ignore
""")
    return ([program, "-q", "-f", "bochsrc.txt"],
            {"cwd": work, "stdout": open(work / "bochs.out", "w")})
