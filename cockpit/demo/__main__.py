"""`python -m cockpit.demo`: embedded clusters on the command line."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cockpit.demo.scenarios import ScenarioError, load, names
from cockpit.demo.serve import serve


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m cockpit.demo", description="An embedded Kubernetes cluster.")
    made.add_argument("scenario", nargs="*", help="what happens in the cluster; nothing without one")
    made.add_argument("--list", action="store_true", help="list the scenarios and end")
    made.add_argument("--kubeconfig-out", type=Path, metavar="FILE", help="where to write the kubeconfig")
    made.add_argument("--api-port", type=int, default=0, metavar="N", help="port of the API; a free one without it")
    made.add_argument("--gateway-port", type=int, default=0, metavar="N", help="port of the gateway")
    made.add_argument("--context", action="append", metavar="NAME", help="a cluster of this name; may be repeated")
    made.add_argument("--one-gateway", action="store_true", help="let the first cluster's gateway serve them all")
    made.add_argument("--exit-with-parent", action="store_true", help="end when stdin closes")
    made.add_argument("--speed", type=float, default=1.0, metavar="N", help="let time run N times as fast")
    made.add_argument("--seed", type=int, metavar="N", help="make names and chances repeatable")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until asked to end; print one line of JSON when ready."""
    options = parser().parse_args(arguments)
    if options.list:
        sys.stdout.write("".join(f"{name:<18} {about}\n" for name, about in names()))
        return 0
    try:
        for name in options.scenario:
            load(name)
    except ScenarioError as error:
        known = ", ".join(name for name, _ in names())
        sys.stderr.write(f"{error}; there are {known}\n")
        return 2
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
        )
    )
    return 0


def _say(addresses: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
