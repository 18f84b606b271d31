"""`manage.py doctor`: looks at all that an installation needs, and says what is not well and what to do.

Owns the order of the examinations and what is printed. Status 0: nothing was found; 1: what can wait; 2: what cannot."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.doctor import of_machine, of_secrets, of_stores, of_work
from config.doctor.examining import LIMIT_SECONDS, Report, examine_all
from config.doctor.findings import Examination, Severity

TABLES = ("database", "migrations")
EXAMINATIONS = (
    Examination("database", of_stores.examine_database, remedy="the database has to answer first"),
    Examination("migrations", of_stores.examine_migrations, ("database",), remedy="run manage.py migrate first"),
    Examination("writing", of_stores.examine_writing, TABLES),
    Examination("redis", of_stores.examine_redis),
    Examination("clocks", of_stores.examine_clocks, ("database",)),
    Examination("data folder", of_machine.examine_data_folder),
    Examination("disk", of_machine.examine_disk),
    Examination("spool", of_machine.examine_spool),
    Examination("descriptors", of_machine.examine_descriptors),
    Examination("work", of_work.examine_work, TABLES),
    Examination("callbacks", of_work.examine_callbacks, TABLES),
    Examination("gateways", of_work.examine_gateways, TABLES),
    Examination("configuration", of_secrets.examine_configuration),
    Examination("certificates", of_secrets.examine_certificates),
    Examination("passwords", of_secrets.examine_passwords, TABLES),
)
MARKS = {Severity.ERROR: "ERROR  ", Severity.WARNING: "warning"}


class Command(BaseCommand):
    help = "Looks at the whole installation; each finding with what to do. Ends with 0 (nothing found), 1 (warnings) or 2 (errors)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object, for programs.")
        parser.add_argument("--limit-seconds", type=float, default=LIMIT_SECONDS, help="Of one examination (default %(default)g).")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = []
        for report in examine_all(EXAMINATIONS, options["limit_seconds"]):
            reports.append(report)
            if not options["json"]:
                self.tell(report)
        found = [finding.severity for report in reports for finding in report.findings]
        if options["json"]:
            self.stdout.write(json.dumps([as_json(report) for report in reports], indent=2))
        else:
            errors, warnings = found.count(Severity.ERROR), found.count(Severity.WARNING)
            self.stdout.write(f"{errors} errors, {warnings} warnings." if found else "Nothing was found that is not well.")
        if found:
            raise SystemExit(2 if Severity.ERROR in found else 1)

    def tell(self, report: Report) -> None:
        if not report.findings:
            self.stdout.write(f"{'not examined' if report.skipped else 'well':<12} {report.name}{report.skipped and f': {report.skipped}'}")
        for finding in report.findings:
            self.stdout.write(f"{MARKS[finding.severity]:<12} {report.name}: {finding.what}\n{'':<12} -> {finding.remedy}")
        self.stdout.flush()


def as_json(report: Report) -> dict[str, Any]:
    return {"examined": report.name, "skipped": report.skipped, "findings": [finding._asdict() for finding in report.findings]}
