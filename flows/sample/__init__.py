"""A whole month of submissions made by the project itself: the example that the first run works on."""

from __future__ import annotations

from flows.sample.figures import PERIOD, PlantedError, load_planted_errors
from flows.sample.messages import write_sample

__all__ = ["PERIOD", "PlantedError", "load_planted_errors", "write_sample"]
