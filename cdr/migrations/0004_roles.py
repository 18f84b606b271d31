"""The permission to see numbers, and the groups that an installation begins with."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from cdr.roles import make_roles


def make(apps, schema_editor):
    """Permissions are made after all migrations; the groups need them now."""
    for label in ("auth", "streams", "cdr"):
        create_permissions(installed.get_app_config(label), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    make_roles(apps)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('streams', '0001_initial'),
        ('cdr', '0003_saved_filters_and_exports'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='calldetail',
            options={'ordering': ('-started_at', '-id'), 'permissions': [('hang_up_call', 'Can hang up a live call'), ('see_numbers', 'Can see whole phone numbers')], 'verbose_name': 'call'},
        ),
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
