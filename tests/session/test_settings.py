from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.refs import RolloutKey
from cockpit.session.settings import ProbeSettings, Settings, SettingsError, load_settings, parse_settings, user_paths


def load(tmp_path: Path, text: str = "", environ: dict[str, str] | None = None, **flags: object) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return load_settings(path, environ or {}, flags)


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "absent.yaml", {}, {}) == Settings()


def test_a_file_that_the_environment_names_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(SettingsError, match=r"absent\.yaml: file not found \(set by COCKPIT_CONFIG\)"):
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
        ("readonly: true", "readonly", "unknown setting; did you mean read_only?"),
        ("productions: [a]", "productions", "unknown setting; did you mean production?"),
        ("probe: {rate: fast}", "probe.rate", "expected a number, got text"),
        ("probe: {budget: 0}", "probe.budget", "expected a number > 0"),
        ("probe: {sample: some}", "probe.sample", "invalid enum value 'some'"),
        ("probe: {rate: 0}", "probe.rate", "expected a number > 0"),
        ("glyphs: emoji", "glyphs", "invalid enum value 'emoji'"),
        ("- a", "", "must be a map of settings"),
        ("a: [", "", "is not valid YAML"),
        ("theme: 2026-13-45", "", "is not valid YAML"),
        ("[" * 3000, "", "is not valid YAML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, key: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert caught.value.key == key
    assert caught.value.source == str(tmp_path / "config.yaml")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("them: dark", "them: unknown setting; did you mean theme?"),
        ("probe: {rates: 3, rate: 4}", "probe.rates: unknown setting; did you mean rate?"),
        ("prometheus: {urll: x}", "prometheus.urll: unknown setting; did you mean url?"),
        ("zzz: 1", "zzz: unknown setting; settings here are columns, commands, dialects, glyphs, hyperlinks, keymap"),
        ("3: 4", "3: unknown setting"),
    ],
)
def test_an_unknown_setting_is_told_and_the_others_count(tmp_path: Path, text: str, problem: str) -> None:
    path, told = tmp_path / "config.yaml", list[str]()
    path.write_text(f"{text}\nglyphs: ascii\n")
    settings = load_settings(path, {"COCKPIT_COLOUR": "red"}, {}, told.append)
    assert settings.glyphs == "ascii"
    assert settings.probe.rate == (4 if "rate: 4" in text else 10)
    assert problem in told[0]
    assert "COCKPIT_COLOUR: unknown variable" in told[1]


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


# Prometheus


def test_prometheus_is_a_word_a_url_or_a_map(tmp_path: Path) -> None:
    assert load(tmp_path).prometheus.mode == "url"
    assert load(tmp_path, "prometheus: auto").prometheus.mode == "auto"
    assert load(tmp_path, "prometheus: off").prometheus.mode == "off"  # which YAML reads as false
    assert load(tmp_path, "prometheus: http://prom:9090/x").prometheus.url == "http://prom:9090/x"
    text = "prometheus: {mode: auto, headers: {X-Scope-OrgID: {env: TENANT}}, window: 300}"
    made = load(tmp_path, text, {"COCKPIT_PROMETHEUS_GATEWAY": "istio"}).prometheus
    assert (made.mode, made.headers["X-Scope-OrgID"].env, made.window, made.gateway) == ("auto", "TENANT", 300, "istio")


def test_a_word_in_a_variable_or_a_flag_keeps_the_rest_of_the_map(tmp_path: Path) -> None:
    text = "prometheus: {url: 'http://a', window: 60}"
    assert load(tmp_path, text, {"COCKPIT_PROMETHEUS": "off"}).prometheus.mode == "off"
    made = load(tmp_path, text, {"COCKPIT_PROMETHEUS": "off"}, prometheus="http://b").prometheus
    assert (made.mode, made.url, made.window) == ("url", "http://b", 60)


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("3", "", "expected a map"),
        ("ftp://x", "url", "scheme ftp is not http or https"),
        ("http://ann:sesame@x", "url", "the URL contains credentials: set `headers` instead"),
        ("http://x/?a=b", "url", "has a query"),
        ("{window: 5}", "window", "expected a whole number >= 30"),
        ("{gateway: envoy}", "gateway", "invalid enum value 'envoy'"),
        ("{headers: {Authorization: Bearer sesame}}", "headers.Authorization", "is written here; set {env: NAME}"),
        ("{headers: {Authorization: {env: A, file: b}}}", "headers.Authorization", "takes its value from a variable"),
        ("{contexts: {a: {headers: {X: sesame}}}}", "contexts.a.headers.X", "is written here"),
        ("{contexts: {a: {url: 'no url'}}}", "contexts.a.url", "the URL"),
        ("{rollouts: {web: {url: 'http://x'}}}", "rollouts.web", "is no rollout; write [CONTEXT:]NAMESPACE/NAME"),
        ("{queries: {requests: 'x{v=\"{verion}\"}[{window}]'}}", "queries.requests", "did you mean {version}?"),
        (
            "{rollouts: {a/b: {queries: {requests: 'sum(x)'}}}}",
            "rollouts.a/b.queries.requests",
            "has neither {version}",
        ),
        ("{queries: {errors: x}}", "queries", "missing required field `requests`"),
    ],
)
def test_what_is_wrong_with_prometheus_is_named_without_a_credential(text: str, key: str, problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_settings(f"prometheus: {text}".encode(), "config.yaml")
    assert raised.value.key == ".".join(filter(None, ("prometheus", key)))
    assert problem in raised.value.problem
    assert "sesame" not in str(raised.value)


def test_own_queries_of_a_rollout_are_put_to_the_prometheus_of_its_context() -> None:
    text = b"""
prometheus:
  contexts:
    prod: {url: 'http://prod:9090', headers: {Authorization: {env: TOKEN}}}
  rollouts:
    shop/web: {queries: {requests: 'increase(x{v="{version}"}[{window}])'}}
"""
    made = parse_settings(text, "config.yaml").prometheus
    source = made.source(RolloutKey("prod", "shop", "web", "argo"))
    assert source.queries
    assert (source.url, source.headers["Authorization"].env) == ("http://prod:9090", "TOKEN")
    assert made.source(RolloutKey("prod", "shop", "other", "argo")).queries is None
    assert made.source(RolloutKey("test", "shop", "other", "argo")).url == ""


def test_the_settings_that_the_page_shows_are_valid() -> None:
    page = (Path(__file__).parents[2] / "cockpit" / "docs" / "prometheus.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("```yaml\n")
    made = parse_settings(rest.partition("```")[0].encode(), "prometheus.md").prometheus
    assert made.headers["Authorization"].prefix == "Bearer "
    assert made.source(RolloutKey("eu-prod", "shop", "web", "argo")).queries
    text = b"prometheus: {rollouts: {'arn:aws:eks:eu:1:cluster/prod:shop/web': {url: 'http://x'}}}"
    key = RolloutKey("arn:aws:eks:eu:1:cluster/prod", "shop", "web", "argo")
    assert parse_settings(text, "config.yaml").prometheus.source(key).url == "http://x"


def test_contexts_that_are_read_only_are_shell_patterns(tmp_path: Path) -> None:
    settings = load(tmp_path, "read_only_contexts: ['*Live*']", {})
    assert settings.sends_nothing("eu-live")
    assert settings.sends_nothing("dev", cluster="LIVE-1")
    assert not settings.sends_nothing("dev")
    assert load(tmp_path, "read_only: true").sends_nothing("dev")
    assert load(tmp_path, environ={"COCKPIT_READ_ONLY_CONTEXTS": "a*, b"}).read_only_contexts == ("a*", "b")


def test_a_misspelt_protection_of_a_context_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="read_only_contexts"):
        load(tmp_path, "read_only_context: [a]")
