import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Change, Expected, PatchType, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, SERVICES, Ref, RolloutKey
from cockpit.session.acts.undo import UndoStack, UndoStep
from cockpit.session.acts.undo_file import UndoFile

KEY = RolloutKey("demo", "shop", "web", "manual")
SERVERS = {"demo": "https://127.0.0.1:1"}


def step(title: str = "flip") -> UndoStep:
    patch = [
        {"op": "test", "path": "/spec/selector", "value": {"v": "2"}},
        {"op": "replace", "path": "/a~1b", "value": None},
    ]
    return UndoStep(
        title,
        (
            Request(Verb.PATCH, Ref(SERVICES, "shop", "web"), patch, PatchType.JSON, guard="as written"),
            Request(Verb.CREATE, Ref(DEPLOYMENTS, "shop", "web-v1"), {"kind": "Deployment", "spec": {"replicas": 2}}),
        ),
        (Change("v1", "0%", "100%"),),
        (Expected("default", "v1", 1.0),),
        gone=(Ref(SERVICES, "shop", "web-v2"),),
        raises=True,
        missing="x",
    )


def stack(path: Path, servers: dict[str, str] = SERVERS) -> UndoStack:
    return UndoStack(UndoFile(path, servers, UndoStep))


def test_another_process_takes_back_what_this_one_did(tmp_path: Path) -> None:
    path = tmp_path / "state" / "undo.json"
    stack(path).push(KEY, step())
    assert stack(path).top(KEY) == step()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_step_that_was_taken_is_gone_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "undo.json"
    first, second = stack(path), stack(path)
    first.push(KEY, step("one"))
    first.push(KEY, step("two"))
    top = second.top(KEY)
    assert top
    second.replace(KEY, top, None)
    found = first.top(KEY)
    assert found
    assert found.title == "one"


def test_a_step_keeps_its_identity_while_nobody_else_acts(tmp_path: Path) -> None:
    made = stack(tmp_path / "undo.json")
    made.push(KEY, step())
    assert made.top(KEY) is made.top(KEY)


def test_a_cluster_of_the_same_name_at_another_address_is_another_cluster(tmp_path: Path) -> None:
    path = tmp_path / "undo.json"
    stack(path).push(KEY, step())
    other = stack(path, {"demo": "https://127.0.0.1:2"})
    assert other.top(KEY) is None
    other.push(KEY, step("elsewhere"))
    assert stack(path).top(KEY) == step()


def test_a_place_that_cannot_be_written_leaves_undo_to_this_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = stack(tmp_path / "file" / "undo.json")
    made.push(KEY, step())
    assert made.top(KEY) == step()


@given(st.binary(max_size=200) | st.sampled_from([b"[]", b"[{}]", b"[" * 10_000, b"null"]))
def test_any_file_gives_no_step_and_no_failure(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("undo") / "undo.json"
    path.write_bytes(content)
    made = stack(path)
    assert made.top(KEY) is None
    made.push(KEY, step())
    assert stack(path).top(KEY) == step()
