"""Where the code makes findings, as its syntax trees show: each id with its severities and its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1] / "cockpit"
MAKER = "finding"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class FindingCall:
    """One call of `finding`. `ids` are those that it can make, `severities` those that it can give them."""

    place: str
    ids: tuple[str, ...]
    severities: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Call:
    node: ast.Call
    function: _Function | None
    place: str

    @property
    def name(self) -> str:
        return self.node.func.id if isinstance(self.node.func, ast.Name) else ""


@dataclass(slots=True)
class Source:
    """All calls of plain functions in some modules, given as texts by path."""

    texts: dict[str, str]
    calls: list[_Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path, text in self.texts.items():
            found = _calls(ast.parse(text), None)
            self.calls += [_Call(node, function, f"{path}:{node.lineno}") for node, function in found]

    def findings(self) -> list[FindingCall]:
        """Raises ValueError where an id or a severity cannot be derived."""
        return [
            FindingCall(call.place, tuple(_ids(call)), frozenset(self._severities(call.node.args[1], call)))
            for call in self.calls
            if call.name == MAKER
        ]

    def places(self, name: str) -> list[str]:
        """Where a function or class of that name is called."""
        return [call.place for call in self.calls if call.name == name]

    def _severities(self, value: ast.expr, call: _Call) -> Iterator[str]:
        if isinstance(value, ast.IfExp):
            yield from self._severities(value.body, call)
            yield from self._severities(value.orelse, call)
        elif isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id == "Severity":
            yield value.attr.lower()
        elif isinstance(value, ast.Name) and call.function:
            yield from self._named(value.id, call, call.function)
        else:
            raise ValueError(f"{call.place}: no severity can be derived from {ast.unparse(value)}")

    def _named(self, name: str, call: _Call, function: _Function) -> Iterator[str]:
        """What a local name, or a parameter at every call of its function, can be."""
        parameters = [argument.arg for argument in function.args.args]
        if name in parameters:
            for other in self.calls:
                if other.name == function.name:
                    yield from self._severities(other.node.args[parameters.index(name)], other)
            return
        found = [node.value for node in ast.walk(function) if isinstance(node, ast.Assign) and _sets(node, name)]
        if not found:
            raise ValueError(f"{call.place}: nothing sets {name}")
        for value in found:
            yield from self._severities(value, call)


def product() -> Source:
    """The product's code; the embedded cluster makes no findings."""
    paths = [path for path in sorted(ROOT.rglob("*.py")) if ROOT / "demo" not in path.parents]
    return Source({str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths})


def _calls(node: ast.AST, function: _Function | None) -> Iterator[tuple[ast.Call, _Function | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, function
        yield from _calls(child, child if isinstance(child, _Function) else function)


def _sets(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _ids(call: _Call) -> Iterator[str]:
    """Those of a plain text or of a choice between two."""
    value = call.node.args[0]
    texts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    for text in texts:
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            raise ValueError(f"{call.place}: no id can be derived from {ast.unparse(value)}")
        yield text.value
