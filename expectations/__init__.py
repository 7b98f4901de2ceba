"""What we accept: rules as records, one line each; everything else about a rule is derived from that line."""

from __future__ import annotations


def verify() -> int:
    """Check every rule and its examples and return the number of rules (see `expectations.examples`)."""
    from expectations.examples import verify as verify_rules

    return verify_rules()


__all__ = ["verify"]
