"""What a run leaves in Prefect's pages: who sent and who did not, the findings, the files of the edition."""

from __future__ import annotations

from typing import Any

from flows.steps import MonthResult


def publish(result: MonthResult) -> None:
    """Write the artifacts of one month; keys carry the month, so a later run shows as a newer version."""
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    create_table_artifact(received_rows(result), key=f"received-{result.period}", description="Đã nhận / còn thiếu")
    create_table_artifact(finding_rows(result), key=f"findings-{result.period}", description="Phát hiện")
    create_markdown_artifact(outputs_markdown(result), key=f"outputs-{result.period}", description="Kết quả")


def received_rows(result: MonthResult) -> list[dict[str, Any]]:
    """Return one row per expected submission, as the warehouse has it."""
    from infra.warehouse import fetch, open_build

    columns = ("submitter_id", "status", "message", "sent_at", "n_observations")
    with open_build(result.settings, result.build_id) as connection:
        query = f"select {', '.join(columns)} from marts.fct_submissions where period = ? order by submitter_id"
        rows = fetch(connection, query, result.period)
    return [dict(zip(columns, map(str, row), strict=True)) for row in rows]


def finding_rows(result: MonthResult) -> list[dict[str, Any]]:
    """Return one row per finding, blocking ones first."""
    order = {"blocking": 0, "warning": 1, "note": 2}
    return [
        {"finding": f.finding_id, "rule": f.rule_id, "severity": f.severity, "decision": f.decision,
         "text": f.message_vi}
        for f in sorted(result.findings, key=lambda f: (order[f.severity], f.finding_id))
    ]


def outputs_markdown(result: MonthResult) -> str:
    """Return links to the files of the edition and the checks, and the deliveries."""
    checks = result.settings.home / "checks" / result.check_name
    lines = [f"- Data Docs: [{checks / 'data_docs' / 'index.html'}]({(checks / 'data_docs' / 'index.html').as_uri()})"]
    if result.edition:
        folder = result.settings.outputs_folder / result.period / f"edition-{result.edition.number}"
        lines += [f"- [{o.name}]({(folder / o.name).as_uri()}) `{o.sha256[:12]}`" for o in result.edition.outputs]
        lines += [f"- {d.recipient_id}: {d.state}" for d in result.deliveries]
    return "\n".join(lines)
