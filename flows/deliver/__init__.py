"""An edition → its recipients: outbox, mail, hand-over packages, proof."""

from flows.deliver.editions import EDITION_STATE_VI as EDITION_STATE_VI
from flows.deliver.editions import approved_by as approved_by
from flows.deliver.editions import edition_state as edition_state
from flows.deliver.outcome import describe_open as describe_open
from flows.deliver.outcome import latest_editions as latest_editions
from flows.deliver.outcome import open_deliveries as open_deliveries
from flows.deliver.settle import settle_delivery as settle_delivery
from flows.deliver.step import deliver_edition as deliver_edition
