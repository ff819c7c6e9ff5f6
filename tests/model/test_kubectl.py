"""How printed kubectl commands begin."""

from __future__ import annotations

from cockpit.model.kubectl import kubectl_words, reached_with
from cockpit.model.refs import SERVICES, Ref
from cockpit.tui.copying import kubectl, log_command


def test_a_command_names_context_and_namespace() -> None:
    assert kubectl_words("dev", "shop") == ["kubectl", "--context", "dev", "-n", "shop"]
    assert kubectl_words("dev", "") == ["kubectl", "--context", "dev"]


def test_a_command_goes_as_the_same_user_and_only_in_its_context() -> None:
    with reached_with({"dev": ("--user", "on call", "--as", "me")}):
        assert kubectl_words("dev", "shop") == [
            *("kubectl", "--context", "dev", "--user", "on call", "--as", "me"),
            *("-n", "shop"),
        ]
        assert kubectl_words("live", "shop") == ["kubectl", "--context", "live", "-n", "shop"]
        web = Ref(SERVICES, "shop", "web")
        assert kubectl("dev", web, "get").startswith("kubectl --context dev --user 'on call' --as me -n shop get")
        assert "--as me -n shop logs web -f" in log_command("dev", web, "", previous=False)
    assert "--user" not in kubectl_words("dev", "shop")
