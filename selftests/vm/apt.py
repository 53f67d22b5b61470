# SPDX-License-Identifier: GPL-2.0
"""Packages of any of Debian's suites, without root and without a change to the
machine's own apt sources."""

import os
import platform
import re
import shutil
import subprocess
import sys

import host


class Unavailable(SystemExit):
    """Something isn't to be had: who doesn't catch it ends with this."""

    code = host.EX_FETCH


def unavailable(what):
    host.note(f"{what}: not cached, not to be had")
    raise Unavailable


def run(*command, **options):
    """What it prints isn't the program's output, which is a path."""
    subprocess.run(command, check=True, stdout=sys.stderr, **options)


def printed(*command, **options):
    """What COMMAND prints, as far as it gets."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          **options).stdout


def need_network():
    if os.environ.get("KVM_CRSTAT_OFFLINE") or not shutil.which("apt-get"):
        raise Unavailable


def mirror(suite):
    """What the environment, else the machine's apt names, else ""."""
    label, name = "Debian", "KVM_CRSTAT_MIRROR"
    here = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    if suite.endswith("-security"):
        label, name = "Debian-Security", "KVM_CRSTAT_SECURITY_MIRROR"
        here += "-security"
    if os.environ.get(name):
        return os.environ[name]
    # Before its first update apt knows no labels: there, what has the suites of
    # this machine.
    targets = printed("apt-get", "indextargets", "--format",
                      "$(LABEL)|$(RELEASE)|$(REPO_URI)")
    known = (re.search(rf"^{label}\|.*\|(.+)", targets, re.MULTILINE)
             or re.search(rf"^\|{here}\|(.+)", targets, re.MULTILINE))
    return known[1] if known else ""


def sources(suites, trust=""):
    """Lines for apt of the comma-separated SUITES."""
    for suite in suites.split(","):
        uri = mirror(suite)
        if uri:
            yield f"deb {trust}{uri} {suite} main"
            continue
        host.note(f"apt knows no mirror for {suite}")
        # What security brings also comes with point releases.
        if not suite.endswith("-security"):
            raise Unavailable


def setup(suites, architecture="amd64"):
    """Options of apt's commands, whose sources then are SUITES."""
    need_network()
    state = host.CACHE_DIR / "apt" / suites
    if architecture != "amd64":
        state = state.with_name(f"{suites},{architecture}")
    for folder in "lists/partial", "cache/archives/partial":
        (state / folder).mkdir(parents=True, exist_ok=True)
    trust = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
    (state / "status").write_text("")
    (state / "sources.list").write_text("\n".join(sources(suites, trust)))
    options = [
        f"-oDir::Etc::SourceList={state}/sources.list",
        "-oDir::Etc::SourceParts=-",
        f"-oDir::State={state}",
        f"-oDir::State::Lists={state}/lists",
        f"-oDir::State::Status={state}/status",
        f"-oDir::Cache={state}/cache",
        "-oAPT::Sandbox::User=",
        f"-oAPT::Architecture={architecture}",
        f"-oAPT::Architectures={architecture}",
        "-oAPT::Update::Error-Mode=any",
        "-oAcquire::Retries=1",
        "-oAcquire::http::ConnectTimeout=10"]
    if not any(state.glob("lists/*Packages*")):
        host.note(f"fetching the package lists of {suites}: some 10 MB")
    update = subprocess.run(["apt-get", *options, "-qq", "update"], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if update.returncode:
        # The first error tells all.
        host.note(re.search(r"^E:.*|\Z", update.stdout, re.MULTILINE)[0])
        raise Unavailable
    return options


def cached(dest, what, make):
    """DEST, which is in the cache once MAKE has filled the folder DEST.new."""
    if not dest.exists():
        new = dest.with_name(f"{dest.name}.new")
        run("rm", "-rf", new)
        new.mkdir(parents=True)
        try:
            make(new)
        except (subprocess.CalledProcessError, Unavailable):
            unavailable(what)
        new.rename(dest)
    return dest


def resolve(options, *names):
    """"package=version" of NAMES and the linux-* ones they depend on."""
    depends = printed(
        "apt-cache", *options, "depends", "--recurse", "--no-recommends",
        "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
        "--no-enhances", *names)
    found = re.findall(r"^linux-(?:image|binary|modules|headers|kbuild|base)-"
                       r"\S+$", depends, re.MULTILINE)
    # Virtual ones have nothing to show.
    shown = printed("apt-cache", *options, "show", "--no-all-versions",
                    *sorted({*names, *found}), stderr=subprocess.DEVNULL)
    packages = re.findall(r"^Package: (.*)\n(?:.+\n)*?Version: (.*)", shown,
                          re.MULTILINE)
    if not packages:
        raise Unavailable
    return ["=".join(package) for package in packages]


def unpack(options, what, root, command, *packages):
    """Unpacks below ROOT, for "cached", what apt-get COMMAND fetches: by
    "download" the packages alone, by "install" all they depend on, too, so that
    programs can be run there. No script of theirs is run."""
    debs = root / "debs"
    (debs / "partial").mkdir(parents=True)
    fetch = ["apt-get", *options, "-qq", "-y", "-oDebug::NoLocking=1",
             "-oAPT::Get::Download-Only=1", "-oAPT::Install-Recommends=0",
             f"-oDir::Cache::Archives={debs}/", command, *packages]
    uris = printed(*fetch, "--print-uris", stderr=subprocess.DEVNULL)
    size = sum(map(int, re.findall(r"^'.*' \S+ (\d+)", uris, re.MULTILINE)))
    host.note(f"fetching {what}: {-(-size // 10**6)} MB")
    run(*fetch, cwd=debs)
    # The links that make one of /bin and /usr/bin come before what uses them.
    for deb in sorted(debs.glob("*.deb"), key=lambda deb: (
            not deb.name.startswith("base-files_"))):
        run("dpkg-deb", "-x", deb, root)
    shutil.rmtree(debs)


def debian_root(suite, packages, root):
    """A bare root of a suite with PACKAGE,... for "cached": as root."""
    need_network()
    if os.geteuid():
        host.die(host.EX_PACKAGES, "a root needs root")
    host.need("mmdebstrap", "mmdebstrap")
    host.note(f"fetching a root of {suite}: some 60 MB")
    run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}",
        suite, root, *sources(f"{suite},{suite}-security"))
