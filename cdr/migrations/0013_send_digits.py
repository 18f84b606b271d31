"""Operators and administrators of existing installations may send digits to a live call."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from cdr.roles import ADMINISTRATOR, OPERATOR, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config("cdr"), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    for role in (OPERATOR, ADMINISTRATOR):
        grant(apps, role, ("cdr.send_digits",))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0012_words_by_function'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='calldetail',
            options={'ordering': ('-started_at', '-id'), 'permissions': [('hang_up_call', 'Can hang up a live call'), ('send_digits', 'Can send digits to a live call'), ('see_numbers', 'Can see whole phone numbers')], 'verbose_name': 'call'},
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
