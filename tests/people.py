"""Who decides in the tests: the steward of the catalogue, by id and by name."""

STEWARD_ID = "tong_hop_mau"
STEWARD = "Trần Thị B (mẫu)"
