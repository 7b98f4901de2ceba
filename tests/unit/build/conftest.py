from tests.warehouse_fixture import build_warehouse, warehouse_builder  # noqa: F401
