"""How large a figure may be: what the warehouse holds, so that nothing larger is taken in."""

from __future__ import annotations

from decimal import Decimal

LARGEST = Decimal(10) ** 18          # decimal(28, 6) holds 22 digits before the comma: room for sums
