"""The doctor names what an operator must mend, each with its place and its remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows import doctor
from infra.settings import Settings


def rows(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[bool, str]]:
    for slow in ("_children", "_archive", "_ledger", "_catalogue"):
        monkeypatch.setattr(doctor, slow, lambda _settings: "")
    return {name: (is_sound, text) for name, is_sound, text in doctor.examine(settings)}


def test_a_home_open_to_other_accounts_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.home.chmod(0o700)
    assert rows(settings, monkeypatch)["Thư mục dữ liệu · home"][0]
    settings.home.chmod(0o750)
    is_sound, text = rows(settings, monkeypatch)["Thư mục dữ liệu · home"]
    assert not is_sound and "050" in text and f"chmod 700 '{settings.home}'" in text


def test_little_room_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows(settings, monkeypatch)["Chỗ trống · free disk"][0]
    monkeypatch.setattr(doctor, "FREE_ENOUGH", 1 << 60)
    is_sound, text = rows(settings, monkeypatch)["Chỗ trống · free disk"]
    assert not is_sound and str(settings.home) in text


def test_a_clock_before_the_installation_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(settings, monkeypatch)["Giờ máy · clock"][0]
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    os.utime(lock, (4_000_000_000, 4_000_000_000))
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)
    is_sound, text = rows(settings, monkeypatch)["Giờ máy · clock"]
    assert not is_sound and "NTP" in text
