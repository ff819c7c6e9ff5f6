"""`python -m cockpit.demo`: embedded clusters on the command line."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cockpit.demo.cluster import PortError
from cockpit.demo.scenarios import ScenarioError, load, names
from cockpit.demo.scenarios.course import CourseError, read_course
from cockpit.demo.serve import serve

# The exit code if a port cannot be used; the reason is on stderr (EX_UNAVAILABLE of sysexits.h).
CANNOT_LISTEN = 69


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m cockpit.demo", description="An embedded Kubernetes cluster.")
    made.add_argument("scenario", nargs="*", help="what happens in the cluster; without one, nothing")
    made.add_argument("--list", action="store_true", help="list the scenarios and exit")
    made.add_argument("--kubeconfig-out", type=Path, metavar="FILE", help="where to write the kubeconfig")
    made.add_argument("--api-port", type=int, default=0, metavar="N", help="port of the API (default: a free one)")
    made.add_argument(
        "--gateway-port", type=int, default=0, metavar="N", help="port of the gateway (default: a free one)"
    )
    made.add_argument(
        "--context", action="append", metavar="NAME", help="run a cluster with this name; can be repeated"
    )
    made.add_argument("--one-gateway", action="store_true", help="use the first cluster's gateway for all clusters")
    made.add_argument(
        "--run-jobs",
        action="append",
        default=[],
        metavar="any|SHA256",
        help="run the commands of Jobs on this machine: any, or probes whose script has this digest; can be repeated",
    )
    made.add_argument("--course", type=Path, metavar="FILE", help="play this course of objects instead of scenarios")
    made.add_argument("--exit-with-parent", action="store_true", help="exit when stdin closes")
    made.add_argument("--speed", type=float, default=1.0, metavar="N", help="run time N times as fast")
    made.add_argument("--seed", type=int, metavar="N", help="make names and random choices repeatable")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped; print one line of JSON when ready."""
    options = parser().parse_args(arguments)
    if options.list:
        sys.stdout.write("".join(f"{name:<18} {about}\n" for name, about in names()))
        return 0
    try:
        for name in options.scenario:
            load(name)
        course = read_course(options.course) if options.course else None
    except CourseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ScenarioError as error:
        known = ", ".join(name for name, _ in names())
        sys.stderr.write(f"{error}; choose one of {known}\n")
        return 2
    try:
        asyncio.run(
            serve(
                options.scenario,
                contexts=tuple(dict.fromkeys(options.context or ())),
                kubeconfig_out=options.kubeconfig_out,
                api_port=options.api_port,
                gateway_port=options.gateway_port,
                ready=_say,
                exit_with_parent=options.exit_with_parent,
                one_gateway=options.one_gateway,
                seed=options.seed,
                speed=options.speed,
                run_jobs=options.run_jobs,
                course=course,
            )
        )
    except PortError as error:
        sys.stderr.write(f"{error}\n")
        return CANNOT_LISTEN
    return 0


def _say(addresses: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
