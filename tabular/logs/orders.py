"""Numbers of orders that hold together what was bought on different days."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabular.errors import counted
from tabular.logs.distinct import Distinct
from tabular.source.duplicates import FIXED_SEED, hash_texts
from tabular.values.event_words import PURCHASE

# A few orders are delivered, and written down, on two days.
FEW_MERGED = 0.02
# Odd, so that multiplying loses nothing.
OF_CUSTOMER, OF_DAY = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class OrderCounter:
    """Counts the orders of a log, and the days on which each was bought: in most logs as many."""

    def __init__(self):
        self.orders, self.days = Distinct(), Distinct()

    def take(self, columns: Mapping[str, pa.Array]) -> None:
        """Look at the accepted rows of one block."""
        if "order_id" not in columns:
            return
        bought = pc.and_(pc.is_valid(columns["order_id"]), pc.equal(columns["event_type"], PURCHASE))
        names = ("customer_id", "order_id")
        customers, orders = (hash_texts(columns[name].filter(bought), FIXED_SEED) for name in names)
        days = columns["event_at"].filter(bought).to_numpy(zero_copy_only=False).astype("datetime64[D]")
        found = customers * OF_CUSTOMER + orders
        self.orders.add(found)
        self.days.add(found + days.astype(np.int64).astype(np.uint64) * OF_DAY)

    def sentences(self, name: str) -> list[str]:
        """Say of the column of that name that its orders are many."""
        orders, days = len(self.orders.all()), len(self.days.all())
        if days - orders <= FEW_MERGED * days:
            return []
        return [
            f"Column {name}: {counted(days - orders, 'purchase has', 'purchases have')} the order number of "
            "another day of the same customer. Rows of one order count as one purchase, on its first day: "
            "where they are several, choose another column for the order, or none."
        ]
