"""Charges are found by account and by statement. And the groups of existing installations may look at statements, or close them."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr.roles import ADMINISTRATOR, BILLING, STATEMENTS, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config('cdr'), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    for role in (BILLING, ADMINISTRATOR):
        grant(apps, role, STATEMENTS)


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0025_charges_of_accounts'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(fields=['account', 'ended_at'], name='charge_of_account'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(condition=models.Q(('statement', None)), fields=['account', 'currency', 'ended_at'], name='charge_in_no_statement'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(condition=models.Q(('statement__isnull', False)), fields=['statement', 'ended_at'], name='charge_in_statement'),
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
