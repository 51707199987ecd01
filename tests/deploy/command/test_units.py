"""systemd has the units of the release that runs."""

from __future__ import annotations

from tests.deploy.command.machine import NEW, OLD


def test_units_come_with_a_release_and_one_that_systemd_does_not_take_is_not_kept(host):
    for name, then in ((OLD, "true"), (NEW, "echo no space >&2; exit 1")):
        folder = host.standin / "registry" / name.replace("/", "_").replace(":", "_") / "host"
        (folder / "units").write_text(f'#!/bin/sh\necho {name} >> "$STANDIN/units"\n{then}\n')
        (folder / "units").chmod(0o755)
    host.done("start")
    told = host.refused("upgrade", NEW)
    assert f"systemd does not take the units of {NEW}: no space" in told
    assert set(host.running().values()) == {OLD}
    assert (host.standin / "units").read_text().split() == [OLD, NEW, OLD]
