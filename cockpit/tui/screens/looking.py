"""What the fleet and rollout screens open to look closer at a rollout.

The screens are loaded with their keys, because the first paint waits for everything that the fleet loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.model.rollout import PodCell, Version
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.app_port import AppPort
from cockpit.tui.widgets.below import SeenBelow

if TYPE_CHECKING:
    from cockpit.tui.copying import Copy


class Looking(SeenBelow):
    """Actions of the keys that only read. A subclass says which rollout is selected."""

    @property
    def app_port(self) -> AppPort:
        """The app."""
        raise NotImplementedError

    def selected(self) -> RolloutView | None:
        """The rollout that keys act on."""
        raise NotImplementedError

    def one_part(self, why: str) -> RolloutView | None:
        """The selected rollout in one cluster; None, with the reason shown, without one."""
        view = self.selected()
        if view is None:
            self.app_port.refuse("no rollout is selected")
        return view

    def chosen_pod(self) -> tuple[Version, PodCell] | None:
        """The pod that the person chose; None if none was."""
        return None

    def action_yaml(self) -> None:
        """The objects of the rollout as YAML."""
        self._objects("yaml")

    def action_events(self) -> None:
        """The events about its objects."""
        self._objects("events")

    def action_describe(self) -> None:
        """What matters of its objects."""
        self._objects("describe")

    def _objects(self, what: str) -> None:
        """One of `screens.objects.WORDS`."""
        from cockpit.tui.screens.objects import ObjectText, places_of

        if view := self.one_part("objects belong to one cluster"):
            self.app.push_screen(ObjectText(places_of(view.rollout), what))

    def action_pods(self) -> None:
        """Its pods."""
        from cockpit.tui.screens.pods import PodsScreen

        if view := self.one_part("pods belong to one cluster"):
            self.app.push_screen(PodsScreen(view.rollout.key))

    def action_logs(self) -> None:
        """The log of the chosen pod, else of the one that tells most."""
        from cockpit.tui.inspecting import telling_pod
        from cockpit.tui.screens.logs import LogScreen

        view = self.one_part("pods belong to one cluster")
        if view is None:
            return
        found = self.chosen_pod() or telling_pod(view)
        if found is None:
            self.app_port.refuse(f"{safe_text(view.rollout.key.name)}: no pod to read logs from")
            return
        version, pod = found
        self.app.push_screen(LogScreen(view.rollout.key, version.name, pod.name))

    def action_revisions(self) -> None:
        """The revisions of its workloads."""
        from cockpit.tui.screens.revisions import RevisionsScreen

        if view := self.one_part("revisions belong to one cluster"):
            self.app.push_screen(RevisionsScreen(view.rollout.key))

    def action_diff(self) -> None:
        """What differs between the pod templates of the version being released and the one before."""
        from cockpit.tui.inspecting import compared
        from cockpit.tui.screens.objects import DiffText

        view = self.one_part("pod templates belong to one cluster")
        if view is None:
            return
        names = compared(view.rollout)
        if names is None:
            key = self.app_port.keymap["revisions"].shown
            words = f"{safe_text(view.rollout.key.name)} has one version: nothing to compare; {key} lists its revisions"
            self.app_port.refuse(words)
            return
        self.app.push_screen(DiffText(view.rollout.key, *names))

    def copies(self) -> Sequence[Copy]:
        """What can be copied of the selected rollout."""
        from cockpit.tui.copying import Copy
        from cockpit.tui.inspecting import rollout_copies
        from cockpit.tui.screens.objects import places_of

        view = self.selected()
        if view is None:
            return ()
        found = list(rollout_copies(view.rollout))
        if places := places_of(view.rollout)[:1]:
            (context, ref), cockpit = places[0], self.app_port.cockpit

            async def read() -> str:
                return await cockpit.yaml(context, ref)

            found.append(Copy(f"YAML of {safe_text(ref)}", read))
        return found

    def action_copy(self) -> None:
        """Ask what to copy."""
        if self.one_part("a command is for one cluster"):
            self.app_port.copy(self.copies())

    def action_refresh(self) -> None:
        """Draw everything again, and say how fresh it is: what is shown comes as it changes."""
        self.app_port.redraw()
        states = {str(cluster.state) for cluster in self.app_port.view.clusters if not cluster.aside}
        self.app_port.refuse(
            f"drawn again; clusters: {', '.join(sorted(states)) or 'none'}; changes come by themselves"
        )
