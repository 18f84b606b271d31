"""The tests have the tree of the code: streams/calls/relay.py is tested by tests/streams/calls/test_relay.py.

A test file that stands elsewhere, and a module without one of its name, are listed here, each list with its reason; a line that is no
longer true fails as well."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
WINGS = ("streams", "cdr", "config")

WHOLE_INSTALLATION = ("benchmarks", "chaos", "conformance", "interop", "journeys", "screenshots")
"""Folders of tests that know no module: they drive a running platform from outside."""

OF_MANY_MODULES = {
    "test_on_postgres": "the same tests on the other database",
    "test_lint_rules": "no module, but the rules that every module is held to",
    "test_names": "every module that has a public name",
    "test_tree": "this",
    "test_wire_cases": "the list of calls, the API's filters, and every URL that is signed or dialled",
    "cdr/test_jobs_looked_after": "whatever has jobs for a worker, and the schedule",
    "cdr/test_call_again": "no module, but the calls that tests copy, beside what the journal writes",
    "test_browser_assertions": "every test that looks at a page",
    "test_upgrade": "every table and what an upgrade does to its rows",
    "test_canaries": "every page, export, download, row, log line and error page in which a secret could stand",
    "test_writers_of_records": "every module that writes a row",
    "cdr/admin/filters/test_every_filter": "every filter of the console, in whichever module it stands",
    "cdr/admin/test_accessibility": "a support case, without a mouse",
    "cdr/admin/test_browser": "what scripts of the console do",
    "cdr/admin/test_every_page": "every page of the console and the desk",
    "cdr/admin/test_browser_acts": "a day's work on the console",
    "cdr/admin/test_counted_tasks": "what is done most, each in few steps",
    "cdr/admin/test_escaping": "every page of the console",
    "cdr/admin/test_money": "rates, statements and credits, from the form to what a customer reads",
    "cdr/admin/test_numbers": "every page of the console",
    "cdr/admin/test_permissions": "every page of the console",
    "cdr/admin/test_role_matrix": "every page of the console",
    "cdr/desk/test_acts": "what managers do on several pages of the desk",
    "cdr/desk/test_journey": "a customer, from the invitation on",
    "cdr/desk/test_matrix": "every address of the desk",
    "cdr/desk/test_every_page": "every page of the desk",
    "cdr/api/test_examples": "the API as its documentation says to ask it",
    "cdr/api/test_node_sdk": "the API as a customer's SDK sees it",
    "cdr/api/test_python_sdk": "the API as a customer's SDK sees it",
    "cdr/api/test_reference": "the API as its own page describes it",
    "cdr/api/test_schema": "the API as its own schema describes it",
    "cdr/test_live_page": "cdr/live.py with its script, in a browser",
    "fuzz/test_parsers": "every parser of strangers' bytes",
    "docs/test_commands": "every command that the manual says to type",
    "docs/test_reference": "docs/site, and every table of the code that the reference is made of",
    "docs/test_site": "docs/site, and every page of the manual",
    "lint/test_licences": "lint/licences.py, and every package of a release",
    "deploy/test_files": "no module, but what is shipped in deploy/",
    "deploy/test_runbook": "no module, but the commands of docs/operation.md",
    "deploy/test_prometheus": "no module, but the rules and the dashboard in deploy/",
    "deploy/test_wheel": "no module, but what is built of all of them",
    "config/test_loops": "every endless loop of a process, failed on purpose",
    "config/test_start": "what each kind of process imports, of whichever module",
    "config/test_migrations": "no module, but every migration there is",
    "cdr/test_stylesheet": "no module, but the console's style sheet",
    "cdr/test_scripts": "no module, but the console's scripts",
    "streams/pure/call/test_session_timing": "session.py, fork.py and stream.py, and what they measure together",
    "streams/simulate/test_other_gateways": "audio_stream.py, audio_fork.py and twilio.py, before one and the same platform",
    "streams/calls/test_refused_writes": "calls in a database that refuses to write, from the gateway to the rows and readiness",
    "streams/test_hot_path": "every module that a frame of audio passes",
    "streams/test_bounds": "every queue and table that strangers could fill",
    "streams/test_floods": "what one tenant does without end, from the consumer to the customer and the rows",
    "streams/test_silent_connections": "whoever is connected to PostgreSQL or Redis, when that falls silent",
    "streams/test_clocks": "whatever rows decide by the time, by processes whose clocks differ",
    "streams/test_first_messages": "whose call it is, whatever comes first, from the consumer down to the rows",
    "streams/test_lookalike_calls": "calls of Twilio's lookalikes, from the consumer to a customer and back",
    "streams/test_resuming": "a call that goes on on another socket, from the consumer down to the rows",
}
"""What has a name of its own because it is of several modules, or of none."""

GLUE = ("apps", "asgi", "celery", "models", "routing", "signals", "tasks", "urls")
"""Modules of these names that hold declarations, or one line a door: what they declare is used by every other test."""

TOLD_BY = {
    "config/test_start": ("config/garbage_collection", "config/management/commands/createsuperuser", "config/management/commands/migrate"),
    # A part of one thing, told by the test of the whole.
    "streams/event_partitions/test_converting": (
        "streams/event_partitions/catalog",
        "streams/event_partitions/short_locks",
        "streams/management/commands/partition_events",
    ),
    "cdr/api/test_calls": ("cdr/api/call_filters", "cdr/api/call_objects"),
    "cdr/api/test_streams": ("cdr/api/rows", "cdr/api/stream_objects"),
    "cdr/api/test_stream_start": ("cdr/api/body",),
    "cdr/api/test_schema": ("cdr/api/record_schemas", "cdr/api/schemas", "cdr/api/v1"),
    "cdr/admin/test_site": ("config/formats/en/formats",),
    "cdr/pages/test_account": ("cdr/pages/last_calls", "cdr/pages/recent_ends", "cdr/pure/account_story"),
    "cdr/pages/test_board": ("cdr/pages/callback_hosts",),
    "cdr/pages/test_hosts": ("cdr/pages/last_errors", "cdr/pages/recent_hosts"),
    "cdr/admin/test_log_sharing": ("cdr/pages/log/links",),
    "cdr/api/test_throttle": ("cdr/tallies",),
    "cdr/test_invitations": ("cdr/admin/inviting", "cdr/desk/accepting", "cdr/desk/members", "cdr/invitation_rows"),
    "cdr/admin/test_members": ("cdr/member_rows", "cdr/members"),
    "cdr/admin/test_calls": ("cdr/admin/lists/call_columns",),
    "cdr/admin/test_streams": ("cdr/admin/lists/stream_columns",),
    "cdr/admin/test_callbacks": ("cdr/admin/lists/callback_columns",),
    "cdr/admin/lists/test_search": ("cdr/admin/lists/around_time",),
    "cdr/desk/test_acts": ("cdr/desk/applications", "cdr/desk/statements", "cdr/desk/tokens"),
    "cdr/desk/test_matrix": (
        "cdr/desk/callbacks",
        "cdr/desk/calls",
        "cdr/desk/filters",
        "cdr/desk/records",
        "cdr/desk/search",
        "cdr/desk/streams",
        "cdr/desk_scope",
    ),
    "cdr/admin/test_tokens": ("cdr/pages/auth_tokens",),
    "cdr/admin/test_rates": ("cdr/admin/rate_form", "cdr/pages/rates"),
    "cdr/admin/lists/test_totals": ("cdr/pages/costs",),
    "cdr/admin/test_statements": ("cdr/admin/correction_form", "cdr/admin/statement_files", "cdr/pages/statement", "cdr/statements/papers"),
    "cdr/statements/test_closing": (
        "cdr/statements/correcting",
        "cdr/statements/counting",
        "cdr/statements/drafts",
        "cdr/statements/stored",
    ),
    "config/test_settings": (
        "config/dialling",
        "config/entry_settings",
        "config/mail_settings",
        "config/misconfigured",
        "config/monitoring",
        "config/file_storages",
        "config/secret_keys",
        "config/single_sign_on",
    ),
    "cdr/pages/test_call": ("cdr/pages/call_facts",),
    "cdr/pages/test_stream_page": ("cdr/pages/stream", "cdr/pages/timing"),
    "cdr/pages/log/test_page": ("cdr/pages/log/reading", "cdr/pages/log/rows", "cdr/pages/log/subject"),
    "cdr/pure/log/test_lines": ("cdr/pure/log/rows",),
    "cdr/retention/test_plan": ("cdr/management/commands/retention",),
    "cdr/retention/test_runs": ("cdr/retention/due",),
    "config/management/commands/test_run": ("config/processes",),
    "config/management/commands/test_serve": ("config/web_server",),
    "cdr/bulk_export/test_running": (
        "cdr/bulk_export/asked",
        "cdr/bulk_export/forms",
        "cdr/bulk_export/mark",
        "cdr/management/commands/export_cdr",
    ),
    "streams/recordings/test_recorder": (
        "streams/calls/call_recordings",
        "streams/pure/call/recordings",
        "streams/recordings/recorded_file",
    ),
    "streams/recordings/test_sweeping": ("streams/models/recordings", "streams/recordings/store", "streams/stored_files"),
    "cdr/admin/test_heard": ("cdr/pages/recording", "cdr/recordings"),
    "config/test_json_lines": ("streams/log_subject",),
    "config/doctor/test_examining": ("config/doctor/findings",),
    "config/metrics/test_page": (
        "config/metrics/families",
        "config/metrics/figures",
        "config/metrics/of_calls",
        "config/metrics/rendering",
        "config/metrics/version",
        "streams/calls/process_counts",
    ),
    "config/metrics/test_of_worker": ("streams/delivery/counted_tries",),
    "config/test_health": ("config/background_checks", "config/readiness"),
    "config/test_status": (
        "cdr/alerts/failures",
        "config/redis_client",
        "config/work_troubles",
        "streams/calls/call_troubles",
        "streams/process_troubles",
        "streams/pure/trouble",
    ),
    "config/test_supervisor": ("config/child_process",),
    "streams/calls/test_relay": ("streams/calls/answer_acts", "streams/customers/links"),
    "streams/calls/test_switchboard": ("streams/control/listening", "streams/control/requests"),
    "streams/customers/test_open_socket": ("streams/customers/bytes_in_flight",),
    "streams/customers/test_url_testing": ("streams/pure/customer/url_order", "streams/pure/customer/url_report"),
    "streams/gateways/test_socket_loop": ("streams/pure/straight",),
    "streams/delivery/test_rounds": ("streams/delivery/after_try",),
    "streams/fetch/test_request": ("streams/fetch/attempt", "streams/fetch/wire"),
    "streams/journal/test_writing": ("streams/journal/call_rows", "streams/journal/rows"),
    "streams/pure/call/test_session": (
        "streams/pure/call/effect_queue",
        "streams/pure/call/effects",
        "streams/pure/call/gateway_media",
        "streams/pure/call/notes",
        "streams/pure/call/roster",
        "streams/pure/messages",
    ),
    "streams/pure/call/test_stream": (
        "streams/pure/call/complaints",
        "streams/pure/call/fill_level",
        "streams/pure/call/limits",
        "streams/pure/call/sent_messages",
        "streams/pure/customer/connection",
    ),
    "streams/pure/call/test_playback": ("streams/pure/call/voice",),
    "streams/pure/conversation/test_caller": ("streams/pure/conversation/detector", "streams/pure/conversation/talk"),
    "streams/pure/conversation/test_dialogue": ("streams/pure/conversation/bot",),
    "streams/pure/audio/test_dtmf": ("streams/pure/audio/dtmf_digits",),
    "streams/pure/gateway/test_asterisk": ("streams/pure/gateway/asterisk_control",),
    "streams/pure/gateway/test_lookalikes": ("streams/pure/gateway/media_format",),
    "streams/pure/gateway/test_freeswitch": ("streams/pure/gateway/forked_audio",),
    "streams/simulate/test_customer": ("streams/simulate/callback_receiver", "streams/simulate/conversation", "streams/simulate/waiting"),
    "streams/simulate/test_gateway": (
        "streams/simulate/call_plan",
        "streams/simulate/call_socket",
        "streams/simulate/dialled_socket",
        "streams/simulate/ending",
    ),
    "streams/simulate/test_other_gateways": (
        "streams/simulate/audio_fork",
        "streams/simulate/audio_stream",
        "streams/simulate/twilio",
    ),
    "streams/test_consumers": ("streams/gateways/directory",),
    "streams/test_resealing": ("streams/management/commands/reseal_secrets",),
    "streams/calls/test_note_queue": (
        "streams/calls/note_page",
        "streams/calls/note_writing",
    ),
    "streams/calls/test_orphaned_spools": ("streams/calls/spool_replay",),
    "streams/calls/test_refused_writes": ("streams/journal/probing",),
    "streams/calls/test_spool": ("streams/calls/spool_file",),
    "streams/pure/call/test_unwritten_notes": ("streams/pure/call/note_lines",),
    "streams/test_clocks": ("streams/database_clock",),
    "config/test_environment": ("config/silent_peers",),
    # What people see of it, told by the test of the page.
    "cdr/admin/entry/test_single_sign_on": ("cdr/sign_in/outside_users",),
    "cdr/admin/entry/test_second_factors": (
        "cdr/admin/entry/access",
        "cdr/admin/staff",
        "cdr/sign_in/recovery_codes",
        "cdr/sign_in/second_factor",
    ),
    "cdr/admin/entry/test_signing_in": ("cdr/addresses", "cdr/admin/failed_sign_ins", "cdr/sign_in/locks"),
    "cdr/admin/lists/test_acting_on_all": ("cdr/admin/list_acts", "cdr/pages/list_act"),
    "cdr/test_list_acts": ("cdr/list_act_rows",),
    "cdr/statements/test_closing_jobs": ("cdr/closing_rows",),
    "cdr/test_trial_calls": ("cdr/trial_call_rows",),
    "cdr/admin/test_trial_calls": ("cdr/admin/reached_at", "cdr/pages/trial_call"),
    "cdr/admin/lists/test_exporting": ("cdr/exports", "cdr/pages/columns"),
    "cdr/admin/filters/test_every_filter": (
        "cdr/admin/filters/alerts",
        "cdr/admin/filters/audit",
        "cdr/admin/filters/callbacks",
        "cdr/admin/filters/kinds",
        "cdr/admin/filters/statement",
        "cdr/admin/filters/named_choices",
        "cdr/admin/filters/refusals",
    ),
    "config/test_loops": ("streams/calls/presence",),
    "cdr/alerts/test_measures": ("cdr/alerts/grouping",),
    "cdr/alerts/test_sending": ("cdr/alerts/mail_server",),
    "cdr/admin/test_alerts": ("cdr/admin/alert_messages", "cdr/alerts/acknowledging", "cdr/pages/alert", "cdr/pages/alert_message"),
    "cdr/admin/test_alert_rules": ("cdr/admin/alert_rule_form", "cdr/alerts/rehearsal", "cdr/pages/alert_rule"),
    "cdr/alerts/test_transitions": ("cdr/alert_rows",),
    "cdr/admin/test_acts": ("cdr/admin/digits", "cdr/admin/lists/markup", "cdr/admin/lists/questions"),
    "cdr/admin/test_audited": ("cdr/admin/audit", "cdr/admin/entry/visitor"),
    "cdr/admin/test_numbers": ("cdr/pages/masked_page",),
    "cdr/admin/test_retention": ("cdr/pages/removed_data",),
    "cdr/admin/test_url_tests": ("cdr/pages/url_test",),
    "test_canaries": ("cdr/pure/secret_text", "config/scrubbed_logs"),
}
"""The test that tells whether it works -> the modules it tells that of."""


def modules() -> set[str]:
    files = (path for wing in WINGS for path in (ROOT / wing).rglob("*.py"))
    found = {path.relative_to(ROOT).with_suffix("").as_posix() for path in files if "migrations" not in path.parts}
    return {module for module in found if not module.endswith("/__init__")}


def packages() -> set[str]:
    return {path.parent.relative_to(ROOT).as_posix() for wing in WINGS for path in (ROOT / wing).rglob("__init__.py")}


def paths_of_tests() -> set[str]:
    """Without those of the whole installation."""
    found = {path.relative_to(ROOT / "tests").with_suffix("").as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    return {test for test in found if test.split("/")[0] not in WHOLE_INSTALLATION}


def tools() -> set[str]:
    """The tests' own, which are tested beside them: tests/report.py by tests/test_report.py."""
    return {path.stem for path in (ROOT / "tests").glob("*.py") if not path.stem.startswith("test_")}


def subject_of(test: str) -> str:
    """streams/calls/test_relay -> streams/calls/relay."""
    folder, slash, name = test.rpartition("/")
    return f"{folder}{slash}{name.removeprefix('test_')}"


def is_glue(module: str) -> bool:
    return module.rpartition("/")[2] in GLUE or "/models/" in module


def test_each_test_stands_where_its_module_or_package_does() -> None:
    known = modules() | packages() | tools()
    assert sorted(test for test in paths_of_tests() - OF_MANY_MODULES.keys() if subject_of(test) not in known) == []


def test_each_module_has_a_test_of_its_name_or_is_listed_with_the_one_that_tells() -> None:
    told = {module for told in TOLD_BY.values() for module in told}
    tested = {subject_of(test) for test in paths_of_tests()}
    assert sorted(module for module in modules() - tested - told if not is_glue(module)) == []


def test_no_line_of_the_lists_is_out_of_date() -> None:
    there, known = paths_of_tests(), modules()
    told = [module for told in TOLD_BY.values() for module in told]
    tested = {subject_of(test) for test in there}
    assert sorted(OF_MANY_MODULES.keys() - there) == []
    assert sorted(test for test in OF_MANY_MODULES if subject_of(test) in known) == []
    assert sorted(TOLD_BY.keys() - there) == []
    assert sorted(module for module in told if module not in known or module in tested) == []
    assert sorted(module for module in told if told.count(module) > 1) == []
    assert [folder for folder in WHOLE_INSTALLATION if not (ROOT / "tests" / folder).is_dir()] == []
    assert [name for name in GLUE if not any(module.endswith(f"/{name}") for module in known)] == []
