"""An edition → its recipients: outbox, mail, hand-over packages, proof."""

from flows.deliver.settle import settle_delivery as settle_delivery
from flows.deliver.step import deliver_edition as deliver_edition
