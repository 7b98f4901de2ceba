"""An edition → its recipients: outbox, mail, hand-over packages, proof."""

from flows.deliver.outcome import describe_open as describe_open
from flows.deliver.outcome import latest_editions as latest_editions
from flows.deliver.outcome import open_deliveries as open_deliveries
from flows.deliver.settle import settle_delivery as settle_delivery
from flows.deliver.step import deliver_edition as deliver_edition
