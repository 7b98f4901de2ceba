"""Observations, decisions and the catalogue in; a verified warehouse file out."""

from __future__ import annotations

from flows.build.builder import Builder, start_builder

__all__ = ["Builder", "start_builder"]
