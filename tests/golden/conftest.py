"""The golden tests run the same whole months as the flow tests."""

from tests.flows.conftest import faulty_inbox, published_home, sample_inbox

__all__ = ["faulty_inbox", "published_home", "sample_inbox"]
