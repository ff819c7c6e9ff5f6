"""How a Rollout releases: canary or blue-green, its Services, its routers (types.go, RolloutStrategy)."""

from __future__ import annotations

from cockpit.model.fields import entries, flag, mapping, text, whole
from cockpit.model.objects import ArgoRollout
from cockpit.model.objects.argo import GATEWAY_API_PLUGIN, gateway_api_routes, stable_ingresses, virtual_services
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.systems.argo.steps import StepSpec, steps_of

_TOP = 100


@dataclass(frozen=True, slots=True)
class ArgoRouter:
    """One object that the controller edits to split traffic. `word` is the kind of router: nginx, istio, smi, ..."""

    word: str
    kind: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ArgoStrategy:
    """`style` is "canary" or "blue-green", "" if the spec has neither or both.

    `stable` and `canary` are names of Services ("" if none), for a blue-green release the active and the preview one.
    `top` is the weight that means all requests. `promotes_after` is the seconds after which a blue-green release
    continues by itself: None if it needs approval, 0 if it does not stop at all.
    """

    style: str
    stable: str = ""
    canary: str = ""
    steps: tuple[StepSpec, ...] = ()
    routers: tuple[ArgoRouter, ...] = ()
    top: int = _TOP
    promotes_after: int | None = None

    @property
    def is_canary(self) -> bool:
        return self.style == "canary"


def strategy_of(rollout: ArgoRollout) -> ArgoStrategy:
    strategy = mapping(rollout.spec, "strategy")
    canary, blue_green = strategy.get("canary"), strategy.get("blueGreen")
    if (canary is None) == (blue_green is None):
        return ArgoStrategy("")
    return _canary(rollout) if blue_green is None else _blue_green(rollout)


def _blue_green(rollout: ArgoRollout) -> ArgoStrategy:
    blue_green = mapping(rollout.spec, "strategy", "blueGreen")
    waits = blue_green.get("autoPromotionEnabled") is False
    return ArgoStrategy(
        "blue-green",
        text(blue_green, "activeService"),
        text(blue_green, "previewService"),
        promotes_after=None if waits else max(whole(blue_green, "autoPromotionSeconds") or 0, 0),
    )


def _canary(rollout: ArgoRollout) -> ArgoStrategy:
    canary = mapping(rollout.spec, "strategy", "canary")
    routing = mapping(canary, "trafficRouting")
    # Only nginx and plug-ins can have another sum; the others use 100 (validation.go).
    top = max(whole(routing, "maxTrafficWeight") or _TOP, 1) if {"nginx", "plugins"} & set(routing) else _TOP
    stable, second = _services(rollout)
    return ArgoStrategy(
        "canary",
        stable,
        second,
        steps_of(entries(canary, "steps"), top),
        _routers(rollout),
        top,
    )


def _services(rollout: ArgoRollout) -> tuple[str, str]:
    """Stable and canary Service; with ping and pong the status names the stable one, and pong is the default."""
    canary = mapping(rollout.spec, "strategy", "canary")
    ping, pong = (text(canary, "pingPong", key) for key in ("pingService", "pongService"))
    if ping and pong:
        stable_is_ping = text(rollout.status, "canary", "stablePingPong") == "ping"
        return (ping, pong) if stable_is_ping else (pong, ping)
    return text(canary, "stableService"), text(canary, "canaryService")


def _routers(rollout: ArgoRollout) -> tuple[ArgoRouter, ...]:
    """Every object that splits; a router without a known object is listed by its kind only."""
    routing, own = mapping(rollout.spec, "strategy", "canary", "trafficRouting"), rollout.metadata.namespace
    found: list[ArgoRouter] = []
    for word, settings in routing.items():
        match word:
            case "nginx":
                found += [ArgoRouter("nginx", "Ingress", own, name) for name in stable_ingresses(rollout)]
            case "istio":
                found += [ArgoRouter("istio", "VirtualService", ns, name) for ns, name in virtual_services(rollout)]
            case "alb":
                names = (text(settings, "ingress"), *map(text, entries(settings, "ingresses")))
                found += [ArgoRouter("alb", "Ingress", own, name) for name in names if name]
            case "smi":
                found += [ArgoRouter("smi", k, ns, name) for k, ns, name in rollout.driven() if k == "TrafficSplit"]
            case "traefik":
                found.append(ArgoRouter("traefik", "TraefikService", own, text(settings, "weightedTraefikServiceName")))
            case "apisix":
                found.append(ArgoRouter("apisix", "ApisixRoute", own, text(settings, "route", "name")))
            case "plugins":
                found += [ArgoRouter("gateway-api", *route) for route in gateway_api_routes(rollout)]
                others = [name for name in mapping(settings) if name != GATEWAY_API_PLUGIN]
                found += [ArgoRouter(safe_text(name, 60)) for name in others]
            case "managedRoutes" | "maxTrafficWeight":
                continue
            case _:
                found.append(ArgoRouter(safe_text(word, 60)))
    return tuple(found)


# Its effect on a rollback (rollout/trafficrouting.go: the weight follows the available pods of the stable version).
AS_PODS_COME = (
    "dynamicStableScale: the stable version lost pods as the new one gained weight, so traffic returns only as fast as"
    " its pods get ready"
)


def is_dynamic(rollout: ArgoRollout) -> bool:
    """Whether the stable version loses pods as the canary gains weight (`dynamicStableScale`)."""
    return flag(rollout.spec, "strategy", "canary", "dynamicStableScale")
