# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the cases and runs them; tells run about it, a line for each.

	pass NAME
	fail NAME|WHY
	skip NAME|WHY
	note TEXT
"""

import fnmatch
import importlib
import multiprocessing
import os
import pkgutil
import signal
import sys
import time
import traceback

from . import machine, world

WORKERS = 2 * len(os.sched_getaffinity(0))

_cases = []


def case(function=None, *, build="asan", stores=machine.STORES, eagain=False, alone=None):
    """Marks a test.

    build: asan, or plain where time or memory is measured. alone: nothing else runs
    meanwhile; so it is with a plain build, unless no time is measured.
    """
    def mark(function):
        function.build, function.stores, function.eagain = build, stores, eagain
        function.alone = build == "plain" if alone is None else alone
        _cases.append(function)
        return function
    return mark(function) if function else mark


def say(kind, rest):
    # in one piece: there may be two processes that say something
    os.write(1, f"{kind} {rest}".replace("\n", " ").encode() + b"\n")


def note(message):
    say("note", message)


def why(error):
    """One line; where it happened too if the test itself is wrong."""
    if isinstance(error, AssertionError) and str(error):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if "/cases/" in frame.filename] or frames
    return f"{type(error).__name__}: {error} ({os.path.basename(places[-1].filename)}:" \
        f"{places[-1].lineno})"


def run_one(function, kind, build, builds, results):
    """None, or what failed."""
    host = None
    try:
        host = world.World(build, kind, builds)
        host.attachd.build = function.build
        host.start_store(eagain=function.eagain)
        function(host)
        host.finish()
        return None
    except world.Skip:
        raise
    except Exception as error:  # every kind of it is a failure of the case
        if host:
            host.keep_logs(results)
            traceback.print_exc(file=open(os.path.join(results, "traceback.txt"), "w", encoding="utf-8"))
        return why(error)
    finally:
        if host:
            host.close()


def run_case(function, kind, build, builds, results):
    """One case, and what is told about it."""
    name = f"{kind}/{name_of(function)}"
    if not machine.find_store(kind):
        say("skip", f"{name}|no {kind} xenstored is installed")
        return
    began = time.monotonic()
    try:
        failure = run_one(function, kind, build, builds, os.path.join(results, name))
    except world.Skip as error:
        say("skip", f"{name}|{error}")
        return
    took = time.monotonic() - began
    if failure:
        say("fail", f"{name}|{failure}")
    else:
        say("pass", name)
    if took > 15:
        note(f"{name} took {took:.1f} s")


def run_next(taken, tasks, where):
    """A worker: whatever nobody has taken yet."""
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        if number >= len(tasks):
            return
        run_case(*tasks[number], *where)


def name_of(function):
    return function.__name__.replace("_", "-")


def find_cases(patterns):
    import cases
    for found in sorted(module.name for module in pkgutil.iter_modules(cases.__path__)):
        importlib.import_module(f"cases.{found}")
    if not patterns:
        return _cases
    return [function for function in _cases
            if any(fnmatch.fnmatch(name_of(function), pattern) for pattern in patterns)]


def main(arguments):
    """BUILD RESULTS STORE... -- [PATTERN...]"""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build, results, *rest = arguments
    split = rest.index("--")
    builds = {"plain": os.path.abspath("build"), "asan": os.path.abspath("build/asan")}
    chosen = find_cases(rest[split + 1:])
    where = (os.path.abspath(build), builds, results)
    # What measures time has the machine for itself. All else mostly waits, and is done side by
    # side, beginning with what takes long.
    tasks = [(function, kind) for function in chosen for kind in rest[:split]
             if kind in function.stores]
    measuring = [task for task in tasks if task[0].alone]
    others = sorted((task for task in tasks if not task[0].alone),
                    key=lambda task: task[0].build != "plain")
    taken = multiprocessing.Value("i", 0)
    children = [multiprocessing.Process(target=run_next, args=(taken, others, where), daemon=True)
                for _ in range(WORKERS)]
    began = time.monotonic()
    try:
        for child in children:
            child.start()
        for child in children:
            child.join()
        note(f"side by side: {time.monotonic() - began:.0f} s")
        for task in measuring:
            run_case(*task, *where)
        note(f"all: {time.monotonic() - began:.0f} s")
    except KeyboardInterrupt:
        return 130
    return max(abs(child.exitcode) for child in children)
