"""What was spent lately is read by an index. Built beside the platform's work on PostgreSQL: charges go on being written."""

from django.db import migrations, models

INDEX = models.Index(fields=['created_at'], name='charge_newest')


def build(apps, schema_editor):
    charge = apps.get_model('cdr', 'Charge')
    if schema_editor.connection.vendor != 'postgresql':
        schema_editor.add_index(charge, INDEX)
        return
    schema_editor.execute('DROP INDEX CONCURRENTLY IF EXISTS charge_newest')  # half built by an upgrade that was cut
    schema_editor.execute('CREATE INDEX CONCURRENTLY charge_newest ON cdr_charge (created_at)')


def remove(apps, schema_editor):
    schema_editor.remove_index(apps.get_model('cdr', 'Charge'), INDEX)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('cdr', '0021_alerts'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, remove)],
            state_operations=[migrations.AddIndex(model_name='charge', index=INDEX)],
        ),
    ]
