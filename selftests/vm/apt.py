# SPDX-License-Identifier: GPL-2.0
"""Packages of any of Debian's suites, without root and without a change to the
machine's own apt sources."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

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


def need_network():
    if os.environ.get("KVM_CRSTAT_OFFLINE") or not shutil.which("apt-get"):
        raise Unavailable


def mirror(suite):
    """What the environment, else the machine's apt names, else ""."""
    end = "-security" if suite.endswith("-security") else ""
    named = f"KVM_CRSTAT{end.replace('-', '_').upper()}_MIRROR"
    if os.environ.get(named):
        return os.environ[named]
    targets = host.output("apt-get", "indextargets", "--format",
                          "$(LABEL)|$(RELEASE)|$(REPO_URI)", check=False)
    here = re.search(r"^VERSION_CODENAME=(\w+)|\Z",
                     Path("/etc/os-release").read_text(), re.MULTILINE)[1]
    # Before its first update apt knows no labels: there, what has the suites of
    # this machine.
    for whose in rf"Debian{end.title()}\|.*", rf"\|{here}{end}":
        uri = re.search(rf"^{whose}\|(.+)", targets, re.MULTILINE)
        if uri:
            return uri[1]
    return ""


def sources(suites, trust=""):
    """Lines for apt of the comma-separated SUITES."""
    for suite in suites.split(","):
        uri = mirror(suite)
        if uri:
            yield f"deb {trust}{uri} {suite} main"
        else:
            host.note(f"apt knows no mirror for {suite}")
            # What security brings also comes with point releases.
            if not suite.endswith("-security"):
                raise Unavailable


def setup(suites, architecture="amd64"):
    """Options of apt's commands, whose sources then are SUITES."""
    need_network()
    state = host.CACHE_DIR / "apt" / (
        suites if architecture == "amd64" else f"{suites},{architecture}")
    for folder in "lists/partial", "cache/archives/partial":
        (state / folder).mkdir(parents=True, exist_ok=True)
    trust = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
    (state / "status").write_text("")
    (state / "sources.list").write_text("\n".join(sources(suites, trust)))
    options = [
        f"-oDir::Etc::SourceList={state}/sources.list",
        f"-oDir::State={state}", f"-oDir::State::Lists={state}/lists",
        f"-oDir::Cache={state}/cache", f"-oDir::State::Status={state}/status",
        "-oDir::Etc::SourceParts=-", "-oAPT::Sandbox::User=",
        f"-oAPT::Architecture={architecture}",
        f"-oAPT::Architectures={architecture}",
        "-oAPT::Update::Error-Mode=any",
        "-oAcquire::Retries=1", "-oAcquire::http::ConnectTimeout=10"]
    if not any(state.glob("lists/*Packages*")):
        host.note(f"fetching the package lists of {suites}: some 10 MB")
    try:
        host.output("apt-get", *options, "-qq", "update",
                    stderr=subprocess.STDOUT)
    except subprocess.CalledProcessError as error:
        # The first error tells all.
        host.note(re.search(r"^E:.*|\Z", error.stdout, re.MULTILINE)[0])
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
    depends = host.output("apt-cache", *options, "depends", "--recurse",
                          "--important", *names, check=False)
    found = re.findall(r"^linux-(?:image|binary|modules|headers|kbuild|base)-"
                       r"\S+$", depends, re.MULTILINE)
    # Virtual ones have nothing to show.
    shown = host.output("apt-cache", *options, "show", "--no-all-versions",
                        *sorted({*names, *found}), check=False,
                        stderr=subprocess.DEVNULL)
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
    uris = host.output(*fetch, "--print-uris", check=False,
                       stderr=subprocess.DEVNULL)
    size = sum(map(int, re.findall(r"^'.*' \S+ (\d+)", uris, re.MULTILINE)))
    host.note(f"fetching {what}: {-(-size // 10**6)} MB")
    run(*fetch, cwd=debs)
    # The links that make one of /bin and /usr/bin come before what uses them.
    for deb in sorted(debs.glob("*.deb"),
                      key=lambda deb: "base-files_" not in deb.name):
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
