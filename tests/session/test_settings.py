from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cockpit.session.settings import ProbeSettings, Settings, SettingsError, load_settings, parse_settings, user_paths


def load(tmp_path: Path, text: str = "", environ: dict[str, str] | None = None, **flags: object) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return load_settings(path, environ or {}, flags)


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "absent.yaml", {}, {}) == Settings()


def test_a_file_that_the_environment_names_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(SettingsError, match=r"absent\.yaml: no such file, but COCKPIT_CONFIG names it"):
        load_settings(path, {"COCKPIT_CONFIG": str(path)}, {})


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    text = "theme: light\nread_only: false\nprobe: {rate: 5, concurrency: 2}\n"
    environ = {"COCKPIT_THEME": "mono", "COCKPIT_PROBE_RATE": "7.5", "COCKPIT_READ_ONLY": "1"}
    settings = load(tmp_path, text, environ, theme="dark", read_only=None)
    assert settings.theme == "dark"
    assert settings.read_only is True
    assert settings.probe == ProbeSettings(rate=7.5, concurrency=2)


def test_production_in_a_variable_is_a_list(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"COCKPIT_PRODUCTION": "eu-*, us-*"}).production == ("eu-*", "us-*")


def test_clusters_behind_one_gateway_are_groups_with_semicolons_between_them(tmp_path: Path) -> None:
    groups = load(tmp_path, environ={"COCKPIT_ONE_GATEWAY": "a, b;c,d; "}).one_gateway
    assert groups == (("a", "b"), ("c", "d"))


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("them: dark", "them", "unknown setting; did you mean theme?"),
        ("probe: {rates: 3}", "probe.rates", "unknown setting; did you mean rate?"),
        ("zzz: 1", "zzz", "unknown setting; settings here are dialects, glyphs, keymap"),
        ("probe: {rate: fast}", "probe.rate", "expected `float`, got `str`"),
        ("probe: {rate: 0}", "probe.rate", "expected `float` > 0"),
        ("glyphs: emoji", "glyphs", "invalid enum value 'emoji'"),
        ("- a", "", "must be a mapping of settings"),
        ("a: [", "", "is no YAML"),
        ("theme: 2026-13-45", "", "is no YAML"),
        ("[" * 3000, "", "is no YAML"),
        ("3: 4", "3", "unknown setting"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, key: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert caught.value.key == key
    assert caught.value.source == str(tmp_path / "config.yaml")
    assert problem in str(caught.value)


def test_a_misspelt_variable_is_an_error_because_it_may_have_meant_read_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="COCKPIT_READONLY: unknown variable; did you mean COCKPIT_READ_ONLY"):
        load(tmp_path, environ={"COCKPIT_READONLY": "1"})


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"COCKPIT_PROBE_RATE: probe\.rate: "):
        load(tmp_path, environ={"COCKPIT_PROBE_RATE": "quick"})


def test_variables_of_the_test_suite_are_not_ours(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"COCKPIT_TEST_KUBECONFIG": "x"}) == Settings()


def test_paths_follow_the_override() -> None:
    assert user_paths({"COCKPIT_CONFIG": "/a/b.yaml"}).config == Path("/a/b.yaml")
    paths = user_paths({})
    assert paths.journal.parent == paths.targets.parent == paths.state


NAMES = st.sampled_from(["theme", "keymap", "read_only", "production", "glyphs", "mouse", "probe", "rate"]) | st.text()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def read_or_refuse(content: bytes) -> Settings | SettingsError:
    try:
        return parse_settings(content, "f.yaml")
    except SettingsError as error:
        return error


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_mapping_gives_settings_or_an_error_with_file_and_key(document: dict[str, object]) -> None:
    content = yaml.safe_dump(document).encode()
    read = read_or_refuse(content)
    if isinstance(read, SettingsError):
        assert read.source == "f.yaml"
        assert read.key.split(".")[0].split("[")[0] in {*document, ""} or read.key in document


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_settings_or_an_error(content: bytes) -> None:
    read = read_or_refuse(content)
    assert isinstance(read, Settings) or str(read).startswith("f.yaml: ")


def test_dialects_are_chosen_by_class_and_only_those_that_there_are() -> None:
    assert parse_settings(b"dialects: {mine: alb}", "f").dialects == {"mine": "alb"}
    with pytest.raises(SettingsError, match="dialects"):
        parse_settings(b"dialects: {mine: haproxy}", "f")
