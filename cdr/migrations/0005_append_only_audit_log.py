"""The database refuses to change or remove an entry of the audit log, whoever asks. (Who may alter the table can drop the triggers.)"""

from django.db import migrations

WORDS = "The audit log is only added to: its entries are neither changed nor removed."

PROTECT = {
    "sqlite": [
        f"CREATE TRIGGER audit_entry_{verb.lower()} BEFORE {verb} ON cdr_auditentry BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END$$",
        "CREATE TRIGGER audit_entry_change BEFORE UPDATE OR DELETE OR TRUNCATE ON cdr_auditentry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
    ],
}
UNPROTECT = {
    "sqlite": ["DROP TRIGGER audit_entry_update", "DROP TRIGGER audit_entry_delete"],
    "postgresql": ["DROP TRIGGER audit_entry_change ON cdr_auditentry", "DROP FUNCTION audit_entry_refuse"],
}


def protect(apps, schema_editor):
    for statement in PROTECT[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unprotect(apps, schema_editor):
    for statement in UNPROTECT[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0004_roles'),
    ]

    operations = [migrations.RunPython(protect, unprotect)]
